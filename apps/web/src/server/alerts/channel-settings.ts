import * as z from 'zod'

/** Keys of a wallet's rows in the table of settings. */
export const ALERT_SETTINGS = 'alerts'
export const WEBHOOK_SETTING = 'webhook'
export const EMAIL_SETTING = 'email'

const time = z.string().max(40)

export const webhookSetting = z.object({
  url: z.string().max(500),
  /** Signs what is sent; shown once, when it is made. */
  secret: z.string().max(100),
  on: z.boolean(),
})
export type WebhookSetting = z.output<typeof webhookSetting>

export const emailSetting = z.object({
  address: z.string().max(254),
  /** Until then nothing but the code is sent there. */
  confirmedAt: time.nullable(),
  on: z.boolean(),
  /** In the link by which mails are stopped without signing in. */
  stop: z.string().max(100),
  /** SHA-256 of address and code, and until when it is good. */
  code: z.object({ hash: z.string().max(64), until: time }).nullable(),
})
export type EmailSetting = z.output<typeof emailSetting>

export const readWebhook = (stored: unknown): WebhookSetting | null =>
  webhookSetting.safeParse(stored).data ?? null
export const readEmail = (stored: unknown): EmailSetting | null => emailSetting.safeParse(stored).data ?? null
