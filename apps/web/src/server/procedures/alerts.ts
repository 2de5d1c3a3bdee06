import { countAlerts, lastResolved, listAlerts, quietAlert } from '@dmc/db/alerts/alerts'
import * as z from 'zod'
import { place } from '../inputs.ts'
import { missing } from '../own.ts'
import { owned, router, signedIn } from '../trpc.ts'

const alertId = place

/** What a list of them shows: what needs the person, what it wants to hear nothing of, and what is over. */
const STATES = {
  open: ['open'],
  quiet: ['snoozed', 'dismissed'],
  over: ['resolved'],
} as const

/** Longest sleep: a person who wants more dismisses it. */
const MOST_HOURS = 30 * 24

export const alertsRouter = router({
  list: signedIn
    .input(
      z.strictObject({ show: z.enum(['open', 'quiet', 'over']).default('open') }).default({ show: 'open' }),
    )
    .query(async ({ ctx, input }) => {
      const { db } = ctx.services
      const owner = ctx.who.address
      const [items, open, snoozed, dismissed, over, clearSince] = await Promise.all([
        listAlerts(db, { owner, states: STATES[input.show], limit: input.show === 'over' ? 50 : 500 }),
        countAlerts(db, { owner, state: 'open' }),
        countAlerts(db, { owner, state: 'snoozed' }),
        countAlerts(db, { owner, state: 'dismissed' }),
        countAlerts(db, { owner, state: 'resolved' }),
        lastResolved(db, owner),
      ])
      return {
        items: items.map(
          ({ owner: _owner, key: _key, toldLevel: _level, toldStage: _stage, ...alert }) => alert,
        ),
        counts: { open, quiet: snoozed + dismissed, over },
        /** When the last one was over; null: there never was one. */
        clearSince,
      }
    }),

  /** Quiet for some hours; it opens before that when it gets worse. */
  snooze: owned
    .input(z.strictObject({ alertId, hours: z.number().int().min(1).max(MOST_HOURS) }))
    .mutation(async ({ ctx, input }) => {
      const until = new Date(Date.now() + input.hours * 3_600_000)
      await quiet(ctx, { id: input.alertId, state: 'snoozed', until })
      return { until }
    }),

  /** Quiet until its cause is gone and comes back, or it gets worse. */
  dismiss: owned.input(z.strictObject({ alertId })).mutation(async ({ ctx, input }) => {
    await quiet(ctx, { id: input.alertId, state: 'dismissed' })
    return { dismissed: true }
  }),

  reopen: owned.input(z.strictObject({ alertId })).mutation(async ({ ctx, input }) => {
    await quiet(ctx, { id: input.alertId, state: 'open' })
    return { open: true }
  }),
})

type Quiet = Parameters<typeof quietAlert>[1] extends infer T
  ? T extends unknown
    ? Omit<T, 'owner'>
    : never
  : never

async function quiet(
  ctx: { services: { db: Parameters<typeof quietAlert>[0] }; who: { address: string } },
  of: Quiet,
): Promise<void> {
  const found = await quietAlert(ctx.services.db, { ...of, owner: ctx.who.address } as Parameters<
    typeof quietAlert
  >[1])
  if (!found) missing('alert', String(of.id))
}
