import { retentionPolicy } from '@dmc/core/schedule/retention'
import { checkRule, scheduleRule } from '@dmc/core/schedule/schedule-rule'
import { checkExcludes, MOST_EXCLUDE_CHARS, MOST_EXCLUDES } from '@dmc/core/source/exclude-patterns'
import { listJobs, listSchedules, listSnapshots, listSources } from '@dmc/db/agents/reported'
import * as z from 'zod'
import { carryOut, giveCommand } from '../agents/give-command.ts'
import { sourceRow } from '../agents/reported-rows.ts'
import { agentId, hostPath, localId, requestKey } from '../inputs.ts'
import { ownAgent, ownSource } from '../own.ts'
import { owned, router, signedIn } from '../trpc.ts'

const excludes = z.array(z.string().min(1).max(MOST_EXCLUDE_CHARS)).max(MOST_EXCLUDES)

/** What a wallet backs up, as its agents last reported. */
export const sourcesRouter = router({
  list: signedIn
    .input(z.strictObject({ agentId: agentId.optional() }).default({}))
    .query(async ({ ctx, input }) => {
      const { db } = ctx.services
      const owner = ctx.who.address
      const [sources, jobs, schedules] = await Promise.all([
        listSources(db, { owner, agentId: input.agentId }),
        listJobs(db, { owner, kind: 'backup', open: true, limit: 200 }),
        listSchedules(db, { owner }),
      ])
      return sources.map((source) => sourceRow(source, jobs, schedules))
    }),

  get: owned
    .input(z.strictObject({ sourceId: localId, agentId: agentId.optional() }))
    .query(async ({ ctx, input }) => {
      const { db } = ctx.services
      const source = await ownSource(ctx, input)
      const { sourceId, agentId, owner } = source
      const [jobs, snapshots, schedules] = await Promise.all([
        listJobs(db, { owner, sourceId, limit: 20 }),
        listSnapshots(db, { owner, agentId, sourceId }),
        listSchedules(db, { owner, agentId, sourceId }),
      ])
      return { ...sourceRow(source, jobs, schedules), jobs, snapshots }
    }),

  /** How much a folder holds; counted by the agent now. */
  estimate: owned
    .input(z.strictObject({ agentId, path: hostPath, excludes: excludes.default([]) }))
    .query(async ({ ctx, input }) => {
      await ownAgent(ctx, input.agentId)
      return ctx.services.links.ask<'estimate'>(input.agentId, {
        kind: 'estimate',
        path: input.path,
        excludes: checkExcludes(input.excludes),
      })
    }),

  /** Asks the agent to register a folder, and waits for it. */
  add: owned
    .input(
      z.strictObject({
        agentId,
        path: hostPath,
        name: z.string().min(1).max(64).optional(),
        excludes: excludes.default([]),
        schedule: scheduleRule.nullable().optional(),
        requestKey,
      }),
    )
    .mutation(async ({ ctx, input }) => {
      await ownAgent(ctx, input.agentId)
      const { path, name, schedule } = input
      const { commandId, result } = await carryOut(ctx, {
        agentId: input.agentId,
        command: {
          kind: 'source.add',
          path,
          ...(name === undefined ? {} : { name }),
          excludes: checkExcludes(input.excludes),
          ...(schedule === undefined ? {} : { schedule: schedule && checkRule(schedule) }),
        },
        requestKey: input.requestKey,
      })
      return { commandId, sourceId: String(result.sourceId ?? '') }
    }),

  /** What is left out, from the next backup on; the host checks it again. */
  setExcludes: owned
    .input(z.strictObject({ sourceId: localId, agentId: agentId.optional(), excludes, requestKey }))
    .mutation(async ({ ctx, input }) => {
      const { sourceId, agentId } = await ownSource(ctx, input)
      const { commandId } = await carryOut(ctx, {
        agentId,
        command: { kind: 'source.setExcludes', sourceId, excludes: checkExcludes(input.excludes) },
        requestKey: input.requestKey,
      })
      return { commandId }
    }),

  /** When it is backed up by itself: the host keeps and runs it. */
  setSchedule: owned
    .input(
      z.strictObject({
        sourceId: localId,
        agentId: agentId.optional(),
        rule: scheduleRule.nullable(),
        requestKey,
      }),
    )
    .mutation(async ({ ctx, input }) => {
      const { sourceId, agentId } = await ownSource(ctx, input)
      const rule = input.rule && checkRule(input.rule)
      const { commandId, result } = await carryOut(ctx, {
        agentId,
        command: { kind: 'schedule.set', sourceId, rule },
        requestKey: input.requestKey,
      })
      return { commandId, nextMs: result.nextMs === null ? null : Number(result.nextMs) }
    }),

  /** How many snapshots are kept: the host takes only what keeps at least as much as now. */
  setRetention: owned
    .input(
      z.strictObject({
        sourceId: localId,
        agentId: agentId.optional(),
        policy: retentionPolicy.nullable(),
        requestKey,
      }),
    )
    .mutation(async ({ ctx, input }) => {
      const { sourceId, agentId } = await ownSource(ctx, input)
      const { commandId } = await carryOut(ctx, {
        agentId,
        command: { kind: 'retention.set', sourceId, policy: input.policy },
        requestKey: input.requestKey,
      })
      return { commandId }
    }),

  /** Backs up now, into the order that the source has. */
  backUp: owned
    .input(z.strictObject({ sourceId: localId, agentId: agentId.optional(), requestKey }))
    .mutation(async ({ ctx, input }) => {
      const { sourceId, agentId } = await ownSource(ctx, input)
      return giveCommand(ctx, {
        agentId,
        command: { kind: 'backup.start', sourceId },
        requestKey: input.requestKey,
      })
    }),
})
