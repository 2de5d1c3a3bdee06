import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { AgentProcess } from '@dmc/testkit/agent-process'
import { beforeAll, describe, expect, it } from 'vitest'
import { statementsOf } from './support/chain.ts'
import { countAll, type Pair, sourceRowOf, startPair, untilBackedUp } from './support/kill-story.ts'
import { makeTree } from './support/make-tree.ts'
import { addSource, mustRestoreEqual, placeOrder } from './support/steps.ts'
import { call, journalOf, until, useWorld } from './support/world.ts'

/** Real agents and a real chain, and no dashboard anywhere: what is due is done by `dmc-agent run` alone. */
const world = useWorld()
const HOUR = 3600_000
let pair: Pair
let user: AgentProcess
let path: string
let sourceId: string
let orderId: bigint

beforeAll(async () => {
  pair = await startPair(world)
  ;({ user } = pair)
  path = makeTree(join(world.folder, 'by itself'), 'by itself', 1_500_000)
  sourceId = await addSource(user, path, 'by-itself')
  ;({ orderId } = await placeOrder(user, sourceId, { capacityMib: 40n }))
})

const hourly = { kind: 'interval', spec: '1h', timeZone: 'UTC' } as const
/** As if that time had come: what the agent itself would have written. */
function due(id: string, at: number): void {
  const db = new DatabaseSync(join(user.dataDir, 'state.db'), { timeout: 5000 })
  db.prepare('UPDATE source_schedule SET next_run = ? WHERE source_id = ?').run(at, id)
  db.close()
}
const events = async (id: string) =>
  (await journalOf(user)).filter(({ subject }) => subject === `source:${id}`).map(({ event }) => event)
const count = async (id: string, event: string) => (await events(id)).filter((one) => one === event).length

describe('backups by a schedule', () => {
  it('are made up for once after the agent was away, and a kill -9 in the middle loses and doubles nothing', async () => {
    const { schedule } = await call(user, 'source.schedule', { source: sourceId, rule: hourly })
    expect(schedule).toMatchObject({ rule: hourly, lastMs: null, lastOutcome: null })
    await user.stop()
    due(sourceId, Date.now() - 3 * HOUR)
    await user.start(60_000, { env: { DMC_TEST_CRASH_AT: 'encoding' } })
    expect(await user.ended(120_000)).toEqual({ code: null, signal: 'SIGKILL' })
    await user.start()
    await untilBackedUp(user, sourceId, 1)
    const row = await until('the run to be settled', async () => {
      const { schedule: now } = await sourceRowOf(user, sourceId)
      return now?.lastOutcome === 'done' && now
    })
    expect(row.nextMs).toBeGreaterThan(Date.now())
    expect(row.nextMs).toBeLessThanOrEqual(Date.now() + HOUR)
    expect(row.missed).toBeGreaterThanOrEqual(3)
    expect(await count(sourceId, 'schedule-caught-up')).toBe(1)
    expect(await count(sourceId, 'backup-resumed')).toBe(1)
    expect(await count(sourceId, 'backup-done')).toBe(1)
    await mustRestoreEqual(user, 'latest', path, join(world.folder, 'first'), sourceId)
  })

  it('forget what is not kept in the same statement that brings the new snapshot', async () => {
    const { forgets } = await call(user, 'source.keep', {
      source: sourceId,
      policy: { last: 1, timeZone: 'UTC' },
      mode: 'execute',
    })
    expect(forgets).toHaveLength(1)
    const before = (await statementsOf(world.devnet, orderId)).length
    writeFileSync(join(path, 'new'), 'since then')
    due(sourceId, Date.now())
    await until('the old one to be forgotten', async () => (await count(sourceId, 'snapshots-forgotten')) > 0)
    expect((await statementsOf(world.devnet, orderId)).length).toBe(before + 2)
    const { snapshots } = await call(user, 'snapshot.list', { source: sourceId })
    expect(snapshots).toHaveLength(1)
    expect(snapshots[0]?.snapshotId).not.toBe(forgets[0]?.snapshotId)
    await mustRestoreEqual(user, 'latest', path, join(world.folder, 'second'), sourceId)
    await expect(
      mustRestoreEqual(user, forgets[0]?.snapshotId ?? '', path, join(world.folder, 'gone'), sourceId),
    ).rejects.toMatchObject({ code: 'SNAPSHOT_NOT_FOUND' })
  })

  it('without an order: said once, and neither wallet nor operator sends anything', async () => {
    const other = await addSource(user, makeTree(join(world.folder, 'no order'), 'none', 1000), 'no-order')
    await call(user, 'source.schedule', { source: other, rule: hourly })
    const before = await countAll(world, pair)
    for (let runs = 0; runs < 2; runs++) {
      const at = Date.now()
      due(other, at)
      await until('the run to be looked at', async () => {
        const { schedule } = await sourceRowOf(user, other)
        return schedule?.lastOutcome === 'no-order' && (schedule.lastMs ?? 0) >= at
      })
    }
    expect(await count(other, 'schedule-no-order')).toBe(1)
    expect(await countAll(world, pair)).toEqual(before)
  })
})
