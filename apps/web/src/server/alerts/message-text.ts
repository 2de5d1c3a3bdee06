import { formatTokens } from '@dmc/core/units/format-tokens'
import * as z from 'zod'
import type { MessageBody, ToldAlert } from './tell.ts'

const told = z.object({
  key: z.string(),
  kind: z.string(),
  state: z.enum(['open', 'over']),
  level: z.enum(['info', 'warning', 'error']),
  message: z.string(),
  cause: z.string(),
  hint: z.string(),
  href: z.string().nullable(),
  moneyAtStake: z.string().nullable(),
  deadline: z.string().nullable(),
  since: z.string(),
  count: z.number(),
})
const body = z.object({ alerts: z.array(told), more: z.number() })

/** A message's row as it was written. */
export const readMessageBody = (stored: unknown): MessageBody | null => body.safeParse(stored).data ?? null

/** What a webhook is sent: `v` changes when a field changes its meaning; new ones may come. */
export function webhookBody(of: {
  id: string
  origin: string
  owner: string
  body: MessageBody
  test: boolean
  now: Date
}): string {
  const { origin, body } = of
  return JSON.stringify({
    v: 1,
    id: of.id,
    at: of.now.toISOString(),
    test: of.test,
    dashboard: origin,
    wallet: of.owner,
    alerts: body.alerts.map(({ href, ...alert }) => ({
      ...alert,
      url: href === null ? null : origin + href,
    })),
    more: body.more,
  })
}

const MARKS: Record<ToldAlert['level'], string> = { error: 'URGENT', warning: 'Warning', info: 'Note' }
const mark = ({ state, level }: ToldAlert) => (state === 'over' ? 'Over' : MARKS[level])

/** The worst one is the subject. */
export function mailOf(of: { origin: string; owner: string; body: MessageBody; stopUrl: string }): {
  subject: string
  text: string
} {
  const { origin, owner, body, stopUrl } = of
  const [first] = body.alerts
  const others = body.alerts.length + body.more - 1
  const subject = `${first ? `${mark(first)}: ${first.message}` : 'Your backups'}${others > 0 ? ` (and ${others} more)` : ''}`
  const text = [
    ...body.alerts.map((alert) => paragraph(alert, origin)),
    ...(body.more > 0 ? [`And ${body.more} more: ${origin}/alerts`] : []),
    [
      '-- ',
      `For the wallet ${owner}, from ${origin}`,
      `What you are told of: ${origin}/settings`,
      `No more of these mails: ${stopUrl}`,
    ].join('\n'),
  ].join('\n\n')
  return { subject: subject.slice(0, 200), text: `${text}\n` }
}

function paragraph(alert: ToldAlert, origin: string): string {
  const lines = [`${mark(alert)}: ${alert.message}`]
  if (alert.state === 'over') return lines.join('\n')
  if (alert.cause !== '') lines.push(alert.cause)
  lines.push(`What to do: ${alert.hint}`)
  if (alert.moneyAtStake !== null) {
    lines.push(`At stake: ${formatTokens(BigInt(alert.moneyAtStake), { digits: 4 })}`)
  }
  if (alert.deadline !== null) lines.push(`By: ${alert.deadline.slice(0, 16).replace('T', ' ')} UTC`)
  if (alert.href !== null) lines.push(origin + alert.href)
  return lines.join('\n')
}

/** What "Send a test" sends. */
export const TEST_BODY: MessageBody = {
  alerts: [
    {
      key: 'test',
      kind: 'test',
      state: 'open',
      level: 'info',
      message: 'This is a test: alerts will reach you here.',
      cause: 'Somebody pressed "Send a test" in the settings.',
      hint: 'Nothing is to be done.',
      href: '/settings',
      moneyAtStake: null,
      deadline: null,
      since: new Date(0).toISOString(),
      count: 1,
    },
  ],
  more: 0,
}
