import { randomUUID } from 'node:crypto'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { readSettings, writeSetting } from '@dmc/db/account/settings'
import { dropMessages, listMessages } from '@dmc/db/alerts/messages'
import { noteChanges } from '@dmc/db/changes/note-changes'
import type { Queries } from '@dmc/db/open-database'
import * as z from 'zod'
import { alertSettings, readAlertSettings } from '../alerts/alert-settings.ts'
import {
  ALERT_SETTINGS,
  EMAIL_SETTING,
  readEmail,
  readWebhook,
  WEBHOOK_SETTING,
} from '../alerts/channel-settings.ts'
import { checkWebhookUrl, MOST_URL, resolveWebhook } from '../alerts/check-webhook-url.ts'
import {
  CODE_MS,
  codeMail,
  codeMatches,
  newCode,
  newStopToken,
  newWebhookSecret,
} from '../alerts/email-code.ts'
import { isMailAddress } from '../alerts/mailer.ts'
import { mailOf, readMessageBody, TEST_BODY, webhookBody } from '../alerts/message-text.ts'
import { postWebhook, type Sent } from '../alerts/post-webhook.ts'
import { stopUrlOf } from '../alerts/stop-url.ts'
import { countOrRefuse } from '../limits.ts'
import type { OwnerContext } from '../own.ts'
import { router, signedIn } from '../trpc.ts'

const HOUR = 3_600_000

/** What a wallet is told of, and how: its webhook and its mail address. Secrets go in, never out again. */
export const settingsRouter = router({
  get: signedIn.query(async ({ ctx }) => {
    const { db, env } = ctx.services
    const [stored, messages] = await Promise.all([
      settingsOf(ctx),
      listMessages(db, { owner: ctx.who.address, limit: 10 }),
    ])
    const webhook = readWebhook(stored[WEBHOOK_SETTING])
    const email = readEmail(stored[EMAIL_SETTING])
    return {
      alerts: readAlertSettings(stored[ALERT_SETTINGS]),
      /** Whether this dashboard has a mail server, and from which address it writes. */
      mailFrom: env.smtp?.from ?? null,
      privateWebhooks: env.privateWebhooks,
      webhook: webhook && { url: webhook.url, on: webhook.on },
      email: email && {
        address: email.address,
        on: email.on,
        confirmed: email.confirmedAt !== null,
        codeUntil: email.code === null ? null : new Date(email.code.until),
      },
      messages: messages.map(({ body, owner: _owner, ...message }) => {
        const told = readMessageBody(body)
        return {
          ...message,
          about: told?.alerts[0]?.message ?? '',
          others: told === null ? 0 : Math.max(0, told.alerts.length - 1) + told.more,
        }
      }),
    }
  }),

  set: signedIn.input(z.strictObject({ alerts: alertSettings })).mutation(async ({ ctx, input }) => {
    await save(ctx, ALERT_SETTINGS, input.alerts)
    return { alerts: input.alerts }
  }),

  /** A new address keeps the secret; the secret is answered when it is made, and never again. */
  setWebhook: signedIn
    .input(z.strictObject({ url: z.string().trim().max(MOST_URL), newSecret: z.boolean().default(false) }))
    .mutation(async ({ ctx, input }) => {
      const { privateWebhooks } = ctx.services.env
      await countOrRefuse(ctx, `webhook set ${ctx.who.address}`, { most: 30, windowMs: HOUR })
      const { href } = checkWebhookUrl(input.url, privateWebhooks)
      await resolveWebhook(new URL(href), privateWebhooks)
      const before = readWebhook((await settingsOf(ctx))[WEBHOOK_SETTING])
      const fresh = before === null || input.newSecret
      const secret = fresh ? newWebhookSecret() : before.secret
      await save(ctx, WEBHOOK_SETTING, { url: href, secret, on: true })
      return { url: href, secret: fresh ? secret : null }
    }),

  switchWebhook: signedIn.input(z.strictObject({ on: z.boolean() })).mutation(async ({ ctx, input }) => {
    const webhook = readWebhook((await settingsOf(ctx))[WEBHOOK_SETTING])
    if (webhook === null) throw notSet('webhook')
    await save(ctx, WEBHOOK_SETTING, { ...webhook, on: input.on }, input.on ? null : 'webhook')
    return input
  }),

  removeWebhook: signedIn.mutation(async ({ ctx }) => {
    await save(ctx, WEBHOOK_SETTING, null, 'webhook')
    return { removed: true }
  }),

  /** Sends one at once and says what came of it. */
  testWebhook: signedIn.mutation(async ({ ctx }): Promise<Sent> => {
    await countOrRefuse(ctx, `webhook test ${ctx.who.address}`, { most: 10, windowMs: HOUR / 6 })
    const webhook = readWebhook((await settingsOf(ctx))[WEBHOOK_SETTING])
    if (webhook === null) throw notSet('webhook')
    const { origin, env } = ctx.services
    const now = new Date()
    const id = randomUUID()
    const about = { id, origin, owner: ctx.who.address, body: TEST_BODY, test: true, now }
    return postWebhook({ ...webhook, id, now, body: webhookBody(about), allowPrivate: env.privateWebhooks })
  }),

  /** Sends a code there, and nothing else until it is given back. */
  setEmail: signedIn
    .input(z.strictObject({ address: z.string().trim().max(254) }))
    .mutation(async ({ ctx, input }) => {
      const mailer = mailerOf(ctx)
      const { address } = input
      if (!isMailAddress(address)) {
        throw new DmcError('EMAIL_REFUSED', `“${address.slice(0, 100)}” is not a mail address.`, {
          hint: 'Write one address, like name@example.org.',
        })
      }
      const owner = ctx.who.address
      const { origin } = ctx.services
      // against mails that nobody asked for: by wallet, by where it is asked from, and by the address itself
      await countOrRefuse(ctx, `mail code ${owner}`, { most: 5, windowMs: HOUR })
      await countOrRefuse(ctx, `mail code from ${ctx.remote}`, { most: 20, windowMs: HOUR })
      await countOrRefuse(ctx, `mail code to ${address.toLowerCase()}`, { most: 4, windowMs: 24 * HOUR })
      const { code, hash } = newCode({ owner, address })
      const until = new Date(Date.now() + CODE_MS)
      const sent = await mailer.send({
        to: address,
        id: randomUUID(),
        stopUrl: null,
        ...codeMail({ code, owner, origin }),
      })
      if (!sent.ok) {
        throw new DmcError(
          'EMAIL_NOT_SENT',
          `The code could not be sent to ${address}. ${sent.error ?? ''}`.trim(),
          {
            hint: 'Check the address; else tell whoever runs this dashboard.',
          },
        )
      }
      await save(
        ctx,
        EMAIL_SETTING,
        {
          address,
          confirmedAt: null,
          on: true,
          stop: newStopToken(),
          code: { hash, until: until.toISOString() },
        },
        'email',
      )
      return { codeUntil: until }
    }),

  confirmEmail: signedIn
    .input(z.strictObject({ code: z.string().trim().max(20) }))
    .mutation(async ({ ctx, input }) => {
      const owner = ctx.who.address
      await countOrRefuse(ctx, `mail confirm ${owner}`, { most: 10, windowMs: CODE_MS })
      const email = readEmail((await settingsOf(ctx))[EMAIL_SETTING])
      if (email === null) throw notSet('mail address')
      if (
        email.code === null ||
        !codeMatches({ ...email, owner, code: email.code, given: input.code, now: new Date() })
      ) {
        throw new DmcError('EMAIL_CODE_WRONG', 'That is not the code of the newest mail, or it is too old.', {
          hint: 'Look for the newest mail from this dashboard, or have a new code sent.',
        })
      }
      await save(ctx, EMAIL_SETTING, { ...email, confirmedAt: new Date().toISOString(), code: null })
      return { confirmed: true }
    }),

  switchEmail: signedIn.input(z.strictObject({ on: z.boolean() })).mutation(async ({ ctx, input }) => {
    const email = readEmail((await settingsOf(ctx))[EMAIL_SETTING])
    if (email === null) throw notSet('mail address')
    await save(ctx, EMAIL_SETTING, { ...email, on: input.on }, input.on ? null : 'email')
    return input
  }),

  removeEmail: signedIn.mutation(async ({ ctx }) => {
    await save(ctx, EMAIL_SETTING, null, 'email')
    return { removed: true }
  }),

  testEmail: signedIn.mutation(async ({ ctx }): Promise<Sent> => {
    const mailer = mailerOf(ctx)
    const owner = ctx.who.address
    await countOrRefuse(ctx, `mail test ${owner}`, { most: 5, windowMs: HOUR })
    const email = readEmail((await settingsOf(ctx))[EMAIL_SETTING])
    if (email === null) throw notSet('mail address')
    if (email.confirmedAt === null) {
      throw new DmcError('EMAIL_NOT_CONFIRMED', `${email.address} is not confirmed yet.`, {
        hint: 'Type the code that was sent there.',
      })
    }
    const { origin } = ctx.services
    const stopUrl = stopUrlOf(origin, email.stop)
    const id = randomUUID()
    return mailer.send({
      to: email.address,
      id,
      stopUrl,
      ...mailOf({ origin, owner, body: TEST_BODY, stopUrl }),
    })
  }),
})

async function settingsOf(ctx: OwnerContext): Promise<Record<string, unknown>> {
  const owner = ctx.who.address
  return (await readSettings(ctx.services.db.prisma, { owners: [owner] })).get(owner) ?? {}
}

/** @param drop a channel of which nothing that waits is sent any more */
async function save(
  ctx: OwnerContext,
  key: string,
  value: Parameters<typeof writeSetting>[1]['value'],
  drop: 'webhook' | 'email' | null = null,
): Promise<void> {
  const owner = ctx.who.address
  await ctx.services.db.transaction(async (tx: Queries) => {
    await writeSetting(tx, { owner, key, value })
    if (drop !== null) await dropMessages(tx, { owner, channel: drop })
    await noteChanges(tx, [{ topic: 'settings', key: '', owner }])
  })
}

function mailerOf(ctx: OwnerContext) {
  const { mailer } = ctx.services
  if (mailer !== null) return mailer
  throw new DmcError('EMAIL_UNAVAILABLE', 'This dashboard has no mail server.', {
    hint: 'Use a webhook, or ask whoever runs it to set DMC_SMTP_URL and DMC_MAIL_FROM.',
  })
}

const notSet = (what: string) =>
  new DmcError('SETTING_MISSING', `There is no ${what} yet.`, { hint: 'Save one first.' })
