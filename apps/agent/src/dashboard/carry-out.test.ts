import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CheckOutcome } from '@dmc/core/challenge/outcomes'
import { report } from '@dmc/core/dashboard/reports'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { AgentContext } from '../agent-context.ts'
import { addCheck } from '../challenge/check-rows.ts'
import { addContract } from '../contract/contract-rows.ts'
import { findSchedule } from '../schedule/schedule-rows.ts'
import { openSourceService } from '../source/source-service.ts'
import { openJournal } from '../store/journal.ts'
import { openStore, type Store } from '../store/open-store.ts'
import { type Carrying, carryOut } from './carry-out.ts'
import { openRoots } from './roots.ts'

/** Real sources in a real store; of the rest of an agent only what `source.add` asks for. */
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'dmc-carry-')))
const MANY = 1_010
let store: Store
let how: Carrying
let atOnce = 0
let most = 0
let measured = 0

beforeAll(async () => {
  for (let i = 0; i < MANY; i++) mkdirSync(join(folder, `home/${i}`), { recursive: true })
  writeFileSync(join(folder, 'home/0/a'), 'x')
  store = openStore(join(folder, 'agent'))
  const real = openSourceService({ store, dataDir: join(folder, 'agent') })
  const sources: typeof real = {
    ...real,
    async measure(sourceId, signal) {
      most = Math.max(most, ++atOnce)
      const size = await real.measure(sourceId, signal)
      // a folder that takes its time
      await new Promise((resolve) => setTimeout(resolve, 30))
      atOnce--
      measured++
      return size
    },
  }
  const ctx = {
    store,
    sources,
    journal: openJournal(store),
    sectors: { list: async () => [] },
    signal: new AbortController().signal,
  } as unknown as AgentContext
  how = {
    ctx,
    roots: await openRoots({ read: [join(folder, 'home')], restore: [], sector: [] }),
    commandId: 1n,
    folder: { made: () => null, make() {} },
    signal: ctx.signal,
    onRestore() {},
  }
})
afterAll(() => {
  store.close()
  rmSync(folder, { recursive: true, force: true })
})

const add = (i: number) => carryOut(how, { kind: 'source.add', path: join(folder, `home/${i}`) })
const until = async (done: () => boolean) => {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 5))
}

it('many folders that a dashboard has added at once are counted one after the other, each once while it waits', async () => {
  await Promise.all(Array.from({ length: 50 }, (_, i) => add(i % 10)))
  await until(() => measured >= 10 && atOnce === 0)
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(most).toBe(1)
  expect(measured).toBeLessThanOrEqual(20)
  // those of one millisecond stand in any order
  const first = how.ctx.sources.list().find(({ path }) => path.toString().endsWith('/home/0'))
  expect(first).toMatchObject({ size: { files: 1 } })
})

it('a source that has an order keeps its schedule when its folder is added again; until then the newest wish counts', async () => {
  const every = (spec: string) =>
    carryOut(how, {
      kind: 'source.add',
      path: join(folder, 'home/0'),
      schedule: { kind: 'interval', spec, timeZone: 'UTC' },
    })
  const { sourceId } = await every('6h')
  await every('12h')
  const rule = () => findSchedule(store, String(sourceId))?.rule.spec
  expect(rule()).toBe('12h')
  addContract(store, { orderId: 7n, role: 'user', billId: 1n, capacityMib: 1, sourceId: String(sourceId) })
  await every('24h')
  expect(rule()).toBe('12h')
})

it('a thousand sources, and the dashboard can have no more of them added', async () => {
  for (let i = how.ctx.sources.list().length; i < 1_000; i++) await add(i)
  await expect(add(1_000)).rejects.toMatchObject({ code: 'COMMAND_REFUSED' })
  expect(how.ctx.sources.list()).toHaveLength(1_000)
  // one that is there already is found, as ever
  expect(await add(999)).toEqual(await add(999))
}, 120_000)

it('an order is checked on request once a minute and 24 times a day, and what came of it can be reported', async () => {
  const orderId = 77n
  const checked = (
    atMs: number,
    why: 'person' | 'schedule' = 'person',
    what: { outcome: CheckOutcome; leaves: number } = { outcome: 'passed', leaves: 20 },
  ) =>
    addCheck(store, {
      orderId,
      atMs,
      kind: 'leaves',
      why,
      root: '',
      size: 0n,
      ...what,
      bytes: 1024 * what.leaves,
      latencyMs: 33.7,
      error: null,
      evidence: null,
    })
  let state = 'preparing'
  let made = 0
  const checks = {
    check: async () => {
      made++
      return { row: checked(Date.now()) }
    },
  }
  const contract = { reader: { order: async () => ({ state }) } }
  const withChecks = { ...how, ctx: { ...how.ctx, checks, contract } as unknown as AgentContext }
  const ask = () => carryOut(withChecks, { kind: 'order.check', orderId })
  // asked before this host believes that it is in force, it is no check, and the next one does not wait for it
  await expect(ask()).rejects.toMatchObject({
    code: 'COMMAND_REFUSED',
    message: expect.stringContaining('not in force yet'),
    hint: expect.stringContaining('try again'),
  })
  expect(made).toBe(0)
  state = 'active'
  // what the schedule has done is no request
  checked(Date.now() - 1_000, 'schedule')
  // nor is one that ended before the miner was asked anything
  checked(Date.now() - 1_000, 'person', { outcome: 'unknown', leaves: 0 })
  const result = await ask()
  expect(result).toEqual({ orderId, outcome: 'passed', leaves: 20, latencyMs: 34 })
  const said = { kind: 'command', commandId: 1n, state: 'done', result, error: null }
  expect(report.safeParse(said).success).toBe(true)
  await expect(ask()).rejects.toMatchObject({
    code: 'COMMAND_REFUSED',
    message: expect.stringContaining('seconds ago'),
  })
  const hour = 3_600_000
  store.db.prepare('UPDATE order_check SET at_ms = at_ms - ?').run(hour)
  for (let i = 3; i < 24; i++) checked(Date.now() - hour + i)
  await ask()
  store.db.prepare('UPDATE order_check SET at_ms = at_ms - ?').run(hour)
  await expect(ask()).rejects.toMatchObject({
    code: 'COMMAND_REFUSED',
    message: expect.stringContaining('24 times today'),
  })
  store.db.prepare('UPDATE order_check SET at_ms = at_ms - ?').run(24 * hour)
  await ask()
})
