import { readSettings } from '@dmc/db/account/settings'
import { type AlertMessageRow, type Attempt, markMessage, takeMessages } from '@dmc/db/alerts/messages'
import type { Database } from '@dmc/db/open-database'
import { EMAIL_SETTING, readEmail, readWebhook, WEBHOOK_SETTING } from './channel-settings.ts'
import type { Mailer } from './mailer.ts'
import { mailOf, readMessageBody, webhookBody } from './message-text.ts'
import { postWebhook, type Sent } from './post-webhook.ts'
import { stopUrlOf } from './stop-url.ts'

export interface CourierOptions {
  db: Database
  origin: string
  mailer: Mailer | null
  allowPrivateWebhooks: boolean
  now?: () => Date
}

export interface Courier {
  /** Mails can be sent. */
  readonly mail: boolean
  /** Sends what is due, several at once; a message at a time is sent by one. */
  sendDue(signal: AbortSignal): Promise<void>
}

/** Longer than any attempt: a message of which nothing is heard was cut off in the middle, and is sent again. */
const LEASE_MS = 120_000
/** After each attempt that failed; then it is given up. */
const PAUSES_S = [30, 120, 600, 3_600, 4 * 3_600, 12 * 3_600]
const AT_ONCE = 8

/** Sends the rows of alert messages: each until the other side has taken it, or seven attempts in about 17 hours have failed. */
export function createCourier(options: CourierOptions): Courier {
  const { db, origin, mailer, allowPrivateWebhooks, now = () => new Date() } = options

  async function attempt(message: AlertMessageRow): Promise<Sent> {
    const body = readMessageBody(message.body)
    const stored = (await readSettings(db.prisma, { owners: [message.owner] })).get(message.owner) ?? {}
    const off = { ok: false, status: null, error: 'Switched off before it was sent.', final: true }
    if (body === null) return { ...off, error: 'The message can’t be read.' }
    const { id, owner } = message
    if (message.channel === 'webhook') {
      const webhook = readWebhook(stored[WEBHOOK_SETTING])
      if (!webhook?.on) return off
      return postWebhook({
        ...webhook,
        id,
        body: webhookBody({ id, origin, owner, body, test: false, now: now() }),
        allowPrivate: allowPrivateWebhooks,
        now: now(),
      })
    }
    const email = readEmail(stored[EMAIL_SETTING])
    if (!email?.on || email.confirmedAt === null) return off
    if (mailer === null) return { ok: false, status: null, error: 'This dashboard has no mail server.' }
    const stopUrl = stopUrlOf(origin, email.stop)
    return mailer.send({ to: email.address, id, stopUrl, ...mailOf({ origin, owner, body, stopUrl }) })
  }

  async function send(message: AlertMessageRow): Promise<void> {
    const sent = await attempt(message)
    await markMessage(db, message, { ...outcomeOf(message.attempts, sent, now()), now: now() })
  }

  return {
    mail: mailer !== null,
    async sendDue(signal) {
      for (;;) {
        if (signal.aborted) return
        const again = new Date(now().getTime() + LEASE_MS)
        const due = await takeMessages(db, { now: now(), again, limit: AT_ONCE })
        await Promise.all(due.map(send))
        if (due.length < AT_ONCE) return
      }
    },
  }
}

/** @param attempts this one counted */
export function outcomeOf(attempts: number, sent: Sent, now: Date): Attempt {
  const { ok, status, error, final = false } = sent
  if (ok) return { state: 'sent', status, error: null, nextAt: now }
  const pause = PAUSES_S[attempts - 1]
  if (final || pause === undefined) return { state: 'failed', status, error, nextAt: now }
  return { state: 'waiting', status, error, nextAt: new Date(now.getTime() + pause * 1000) }
}
