import { ALERT_LEVELS, type AlertKind, type AlertLevel, isWorse } from '@dmc/core/alerts/kinds'
import type { AlertRow, AlertWrites } from '@dmc/db/alerts/alerts'
import type { AlertSettings } from './alert-settings.ts'

export type Channel = 'webhook' | 'email'
export const CHANNELS: readonly Channel[] = ['webhook', 'email']

/** One alert in a message, as it was when the message was made. */
export interface ToldAlert {
  key: string
  kind: string
  state: 'open' | 'over'
  level: AlertLevel
  message: string
  cause: string
  hint: string
  /** A path of the dashboard. */
  href: string | null
  /** Token wei, decimal. */
  moneyAtStake: string | null
  deadline: string | null
  since: string
  count: number
}

export interface MessageBody {
  alerts: ToldAlert[]
  /** How many more there were than have room. */
  more: number
}

type Tellable = Pick<
  AlertRow,
  | 'key'
  | 'code'
  | 'state'
  | 'level'
  | 'stage'
  | 'message'
  | 'cause'
  | 'hint'
  | 'href'
  | 'moneyAtStake'
  | 'deadline'
  | 'openedAt'
  | 'count'
  | 'toldAt'
  | 'toldLevel'
  | 'toldStage'
>

const DAY_MS = 86_400_000
/** JSON of the alerts in one message; the rest of a webhook's body fits into 8 KiB with it. */
const MOST_BYTES = 7_000
/** Messages of one channel to one wallet within an hour. What comes beyond is told with the next one. */
export const MOST_AN_HOUR = 20

/**
 * Quiet: an alert is told when it opens and when it gets worse, and else at most once a day, when it has come back or its countdown
 * has moved on.
 */
export function mustTell(
  alert: Pick<Tellable, 'state' | 'level' | 'stage' | 'openedAt' | 'toldAt' | 'toldLevel' | 'toldStage'>,
  now: Date,
): boolean {
  if (alert.state !== 'open') return false
  if (alert.toldAt === null || alert.toldLevel === null) return true
  if (isWorse(alert.level, alert.toldLevel)) return true
  const news = alert.stage !== alert.toldStage || alert.openedAt > alert.toldAt
  return news && now.getTime() - alert.toldAt.getTime() >= DAY_MS
}

/** That it is over is told when that it is so was told, since it last opened. */
const mustTellOver = ({ openedAt, toldAt, state }: AlertRow) =>
  state === 'open' && toldAt !== null && toldAt >= openedAt

/** A wallet's rows as they stand after the changes, without what is over. */
export function afterwards(
  known: readonly AlertRow[],
  { create, update, resolve }: Pick<AlertWrites, 'create' | 'update' | 'resolve'>,
  now: Date,
): Tellable[] {
  const updates = new Map(update.map((change) => [change.id, change]))
  const told = { toldAt: null, toldLevel: null, toldStage: null }
  return [
    ...known.filter(({ id }) => !resolve.includes(id)).map((row) => ({ ...row, ...updates.get(row.id) })),
    ...create.map((text) => ({ ...text, ...told, state: 'open' as const, openedAt: now, count: 1 })),
  ]
}

/** Messages for the channels that are on and have room, and which alerts are told by them. */
export function makeMessages(of: {
  known: readonly AlertRow[]
  writes: Pick<AlertWrites, 'create' | 'update' | 'resolve'>
  settings: AlertSettings
  on: readonly Channel[]
  now: Date
}): Pick<AlertWrites, 'told' | 'messages'> {
  const { known, writes, settings, on, now } = of
  const due = afterwards(known, writes, now).filter((alert) => mustTell(alert, now))
  const over = settings.whenOver
    ? known.filter((row) => writes.resolve.includes(row.id) && mustTellOver(row))
    : []
  const messages: { channel: string; body: Record<string, unknown> }[] = []
  const told = new Map<string, Tellable>()
  for (const channel of on) {
    const wanted = ({ code, level }: Tellable) =>
      !settings.off[channel].includes(code as AlertKind) && !isWorse(settings.least[channel], level)
    const open = due.filter(wanted)
    const ended = over.filter(wanted)
    if (open.length + ended.length === 0) continue
    for (const alert of open) told.set(alert.key, alert)
    const all = [
      ...open.map((alert) => tellOne(alert, 'open')),
      ...ended.map((alert) => tellOne(alert, 'over')),
    ]
    messages.push({ channel, body: { ...fitting(all) } })
  }
  return {
    told: [...told.values()].map(({ key, level, stage }) => ({ key, level, stage })),
    messages: messages as AlertWrites['messages'],
  }
}

function fitting(all: ToldAlert[]): MessageBody {
  const sorted = all.sort((a, b) => ALERT_LEVELS.indexOf(b.level) - ALERT_LEVELS.indexOf(a.level))
  const alerts: ToldAlert[] = []
  let bytes = 0
  for (const alert of sorted) {
    bytes += Buffer.byteLength(JSON.stringify(alert)) + 1
    if (bytes > MOST_BYTES) break
    alerts.push(alert)
  }
  return { alerts, more: all.length - alerts.length }
}

const tellOne = (alert: Tellable, state: ToldAlert['state']): ToldAlert => ({
  key: alert.key,
  kind: alert.code,
  state,
  level: alert.level,
  message: alert.message,
  cause: alert.cause,
  hint: alert.hint,
  href: alert.href,
  moneyAtStake: alert.moneyAtStake === null ? null : String(alert.moneyAtStake),
  deadline: alert.deadline?.toISOString() ?? null,
  since: alert.openedAt.toISOString(),
  count: alert.count,
})
