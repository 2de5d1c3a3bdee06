import { ALERT_KINDS, ALERT_LEVELS, type AlertKind } from '@dmc/core/alerts/kinds'
import * as z from 'zod'

const kind = z.enum(Object.keys(ALERT_KINDS) as [AlertKind, ...AlertKind[]])
const kinds = z
  .array(kind)
  .max(Object.keys(ALERT_KINDS).length)
  .transform((all) => [...new Set(all)])
const whole = (least: number, most: number) => z.number().int().min(least).max(most)

/** When a person is told of what. Whatever is not stored has its default, so that a new setting needs no migration. */
export const alertSettings = z.strictObject({
  /** Days before the end of an order, or of a key, at which it is told again. */
  daysBefore: z
    .array(whole(1, 90))
    .min(1)
    .max(8)
    .transform((days) => [...new Set(days)].sort((a, b) => b - a))
    .default([14, 7, 3, 1]),
  hostAwayMinutes: whole(1, 1_440).default(10),
  backupLateHours: whole(1, 168).default(2),
  /** Challenges that a reserve must at least pay for. */
  challengesLeft: whole(1, 100).default(3),
  /** Acts that a key's, or the wallet's, coin must at least pay for. */
  actsLeft: whole(1, 1_000).default(20),
  /** Kinds that are not watched at all, and those that a channel leaves out. */
  off: z
    .strictObject({ watch: kinds.default([]), webhook: kinds.default([]), email: kinds.default([]) })
    .default({ watch: [], webhook: [], email: [] }),
  /** The mildest that a channel tells. */
  least: z
    .strictObject({
      webhook: z.enum(ALERT_LEVELS).default('info'),
      email: z.enum(ALERT_LEVELS).default('warning'),
    })
    .default({ webhook: 'info', email: 'warning' }),
  /** Also tell when something that was told is over. */
  whenOver: z.boolean().default(true),
})
export type AlertSettings = z.output<typeof alertSettings>

export const DEFAULT_ALERT_SETTINGS: AlertSettings = alertSettings.parse({})

/** What is stored, or the defaults where that is none of it. */
export const readAlertSettings = (stored: unknown): AlertSettings =>
  alertSettings.safeParse(stored ?? {}).data ?? DEFAULT_ALERT_SETTINGS
