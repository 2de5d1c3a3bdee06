import { createHmac, randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { CheckOutcome } from '@dmc/core/challenge/outcomes'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { afterEach, describe, expect, it } from 'vitest'
import { createMemoryMarket, newAccount } from '../../test/support/memory-market.ts'
import { useTempFolders } from '../../test/support/temp-folder.ts'
import { addContract, setContract } from '../contract/contract-rows.ts'
import { openLogDb } from '../source/encode/log-db.ts'
import { logDbFile, sourceFolder } from '../source/source-paths.ts'
import { countProbes } from '../source/take-probe.ts'
import { openJournal } from '../store/journal.ts'
import { openStore, type Store } from '../store/open-store.ts'
import type { Questioned } from './check-order.ts'
import { addCheck, dayCounts, evidenceOf, findPlan, forgetChecks, listChecks } from './check-rows.ts'
import { Checker, type CheckerOptions } from './checker.ts'
import type { Evidence } from './evidence.ts'

const tempFolder = useTempFolders()
const HOUR = 3_600_000
const DAY = 24 * HOUR
const SIZE = 5n * 1024n * 1024n
const ROOT = `0x${'11'.repeat(32)}` as const
const VOLUME = 'ab'.repeat(16)
const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** A user's state with one order, a clock that tests move, and a miner whose answers tell nothing: how they are judged is tested elsewhere. */
async function given(more: Partial<CheckerOptions> = {}) {
  const dataDir = join(await tempFolder(), 'data')
  const store = openStore(dataDir)
  closing.push(() => store.close())
  const journal = openJournal(store)
  const market = createMemoryMarket()
  const user = newAccount()
  const orderId = 1n
  market.addOrder({ orderId, capacity: 8n, user: user.address, miner: newAccount().address })
  addContract(store, { orderId, role: 'user', billId: 1n, capacityMib: 8, sourceId: 'cafe' })
  const clock = { now: 1_790_000_000_000 }
  const asked: { at: number; leaves: readonly bigint[] | 'probe' }[] = []
  const nothing = () => {
    throw new DmcError('BUG', 'Nothing that tells of a miner.', { hint: 'None.' })
  }
  const miner: Questioned = {
    askLeaves: async (leaves) => {
      asked.push({ at: clock.now, leaves })
      return nothing()
    },
    askProbe: async () => {
      asked.push({ at: clock.now, leaves: 'probe' })
      return nothing()
    },
    close: async () => {},
  }
  let dials = true
  const open = (options: Partial<CheckerOptions> = {}) =>
    new Checker({
      store,
      journal,
      reader: market,
      signer: user,
      allowPrivate: true,
      dataDir,
      perDay: 24,
      leaves: 20,
      signal: new AbortController().signal,
      patienceMs: 20,
      now: () => clock.now,
      random: () => 0.5,
      connect: async () => {
        if (dials) return miner
        throw new DmcError('PEER_UNREACHABLE', 'Nobody there.', { hint: 'None.' })
      },
      ...more,
      ...options,
    })
  const checker = open()
  const activate = () => {
    setContract(store, orderId, 'user', { state: 'active', volumeId: VOLUME })
    market.agree(orderId, { root: ROOT, size: SIZE })
  }
  /** As the agent's second does, for so long. */
  const pass = async (ms: number, step = 60_000, by = checker) => {
    for (const end = clock.now + ms; clock.now < end; ) {
      clock.now = Math.min(end, clock.now + step)
      by.tick()
      await by.idle()
    }
  }
  return {
    store,
    journal,
    market,
    orderId,
    clock,
    asked,
    checker,
    open,
    activate,
    pass,
    dataDir,
    dial: (on: boolean) => {
      dials = on
    },
  }
}

describe('the schedule of checks', () => {
  it('begins right after activation, not before, and makes 24 a day of 20 leaves at moments of its own', async () => {
    let seed = 7
    const random = () => {
      seed = (seed * 48271) % 2147483647
      return seed / 2147483647
    }
    const { activate, pass, asked, clock, store, orderId } = await given({ random })
    await pass(5 * 60_000)
    expect(asked).toEqual([])
    activate()
    const since = clock.now
    await pass(60_000, 1000)
    expect(asked).toHaveLength(1)
    expect(listChecks(store, orderId, 10)[0]).toMatchObject({ why: 'first', kind: 'leaves', leaves: 20 })
    await pass(10 * DAY)
    const leaves = asked.filter((one) => one.leaves !== 'probe')
    expect(Math.abs(leaves.length - 240)).toBeLessThanOrEqual(2)
    for (const one of leaves) {
      expect(new Set<unknown>(one.leaves).size).toBe(20)
      expect([...one.leaves].every((leaf) => typeof leaf === 'bigint' && leaf < SIZE / 1024n)).toBe(true)
    }
    const gaps = leaves.slice(1).map((one, i) => one.at - (leaves[i]?.at ?? since))
    expect(Math.min(...gaps)).toBeLessThan(HOUR / 2)
    expect(Math.max(...gaps)).toBeGreaterThan(1.5 * HOUR)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(2 * HOUR + 60_000)
    expect(new Set(leaves.flatMap((one) => [...one.leaves])).size).toBeGreaterThan(2000)
  })

  it('waits for the disk once for each check that tells nothing, and not for when the next one comes', async () => {
    const { activate, pass, open, store, orderId } = await given()
    let durable = 0
    const spied: Store = {
      ...store,
      transaction(work) {
        durable++
        return store.transaction(work)
      },
    }
    activate()
    await pass(3 * HOUR, 60_000, open({ store: spied }))
    const checks = listChecks(store, orderId, 100)
    expect(checks.length).toBeGreaterThan(2)
    expect(new Set(checks.map(({ outcome }) => outcome))).toEqual(new Set<CheckOutcome>(['unknown']))
    expect(durable).toBe(checks.length)
  })

  it('survives a restart, and makes up for a sleep with one check', async () => {
    const { activate, pass, asked, clock, open, store, orderId } = await given()
    activate()
    await pass(3 * HOUR)
    const next = findPlan(store, orderId)?.nextMs
    const before = asked.length
    const again = open()
    again.tick()
    await again.idle()
    expect(asked).toHaveLength(before)
    expect(findPlan(store, orderId)?.nextMs).toBe(next)
    clock.now += 9 * DAY
    await pass(2 * 60_000, 1000, again)
    expect(asked).toHaveLength(before + 1)
    expect(findPlan(store, orderId)?.nextMs).toBeGreaterThan(clock.now)
    expect(findPlan(store, orderId)?.nextMs).toBeLessThanOrEqual(clock.now + 2 * HOUR)
  })

  it('is not silenced by a clock that was set back', async () => {
    const { activate, pass, asked, clock } = await given()
    activate()
    await pass(2 * HOUR)
    clock.now -= 400 * DAY
    const before = asked.length
    await pass(2 * HOUR + 60_000)
    expect(asked.length).toBeGreaterThan(before)
  })

  it('asks a miner that gave no answer again within half an hour', async () => {
    const { activate, pass, dial, store, orderId } = await given()
    activate()
    dial(false)
    await pass(6 * HOUR)
    const rows = listChecks(store, orderId, 100)
    expect(rows.every(({ outcome }) => outcome === 'offline')).toBe(true)
    expect(rows.length).toBeGreaterThan(12)
    expect(rows.length).toBeLessThan(24)
  })

  it('ends with the order, and can be off', async () => {
    const { activate, pass, asked, store, orderId, open } = await given()
    activate()
    await pass(HOUR)
    setContract(store, orderId, 'user', { state: 'closed' })
    await pass(60_000)
    expect(findPlan(store, orderId)).toBeNull()
    const before = asked.length
    await pass(5 * HOUR)
    expect(asked).toHaveLength(before)
    setContract(store, orderId, 'user', { state: 'active' })
    await pass(5 * HOUR, 60_000, open({ perDay: 0 }))
    expect(asked).toHaveLength(before)
  })
})

describe('probes', () => {
  const withProbes = async (count: number) => {
    const it = await given()
    it.activate()
    const file = logDbFile(sourceFolder(it.dataDir, 'cafe'))
    mkdirSync(dirname(file), { recursive: true })
    const db = openLogDb(file)
    db.prepare(
      `INSERT INTO volume (n, id, number, key_epoch, max_size, chain_id, market, orders) VALUES (1, ?, 0, 0, 1, 1, x'00', '[]')`,
    ).run(Buffer.from(VOLUME, 'hex'))
    const add = db.prepare(
      'INSERT INTO probe (volume, offset, length, key, mac, gen) VALUES (1, ?, 1048576, ?, ?, 1)',
    )
    for (let i = 0; i < count; i++) {
      const key = randomBytes(32)
      add.run(i * 1048576, key, createHmac('sha256', key).update('x').digest())
    }
    db.close()
    const left = () => countProbes(file, VOLUME, { root: ROOT, size: SIZE })
    return { ...it, left }
  }

  it('are asked once each, only within what is committed, until none is left', async () => {
    const { checker, orderId, left, asked } = await withProbes(7)
    expect(left()).toBe(5) // two lie beyond the commitment
    for (let i = 0; i < 5; i++) await checker.check(orderId, { why: 'person', probe: true })
    expect(asked.filter(({ leaves }) => leaves === 'probe')).toHaveLength(5)
    expect(left()).toBe(0)
    await expect(checker.check(orderId, { why: 'person', probe: true })).rejects.toMatchObject({
      code: 'NO_PROBE',
    })
  })

  it('are not spent on a miner that was never reached', async () => {
    const { checker, orderId, left, dial } = await withProbes(1)
    dial(false)
    const { row } = await checker.check(orderId, { why: 'person', probe: true })
    expect(row).toMatchObject({ kind: 'probe', outcome: 'offline' })
    expect(left()).toBe(1)
  })

  it('accompany the leaves of the schedule', async () => {
    const { pass, left, asked, open } = await withProbes(5)
    await pass(3 * HOUR, 60_000, open({ random: () => 0.1 }))
    expect(left()).toBeLessThan(5)
    expect(asked.filter(({ leaves }) => leaves !== 'probe').length).toBeGreaterThanOrEqual(3)
  })
})

describe('rows of checks', () => {
  const evidence: Evidence = {
    v: 1,
    orderId: '1',
    nonce: '0x',
    root: '0x',
    size: 1,
    signedAt: 1,
    signature: '0x',
  }
  const add = (store: Parameters<typeof addCheck>[0], atMs: number, outcome: CheckOutcome, latencyMs = 5) =>
    addCheck(store, {
      orderId: 1n,
      atMs,
      kind: 'leaves',
      why: 'schedule',
      root: ROOT,
      size: SIZE,
      leaves: 20,
      bytes: 20480,
      outcome,
      latencyMs: outcome === 'offline' ? null : latencyMs,
      error: null,
      evidence: outcome === 'passed' || outcome === 'wrong' ? evidence : null,
    })

  it('are counted by day, with median and slowest answer', async () => {
    const { store } = await given()
    const day = 20_000
    for (const [i, outcome] of (
      ['passed', 'passed', 'offline', 'wrong', 'refused', 'unknown'] as const
    ).entries()) {
      add(store, day * DAY + i * HOUR, outcome, 10 * (i + 1))
    }
    add(store, (day + 1) * DAY, 'passed', 7)
    expect(dayCounts(store, 1n, 0)).toEqual([
      {
        day,
        passed: 2,
        wrong: 1,
        refused: 1,
        offline: 1,
        unknown: 1,
        leaves: 40,
        bytes: 40960,
        medianMs: 40,
        maxMs: 60,
      },
      {
        day: day + 1,
        passed: 1,
        wrong: 0,
        refused: 0,
        offline: 0,
        unknown: 0,
        leaves: 20,
        bytes: 20480,
        medianMs: 7,
        maxMs: 7,
      },
    ])
    expect(dayCounts(store, 2n, 0)).toEqual([])
  })

  it('are kept for 90 days; evidence of wrong answers as long, of passed ones the newest three and one a day for 30 days', async () => {
    const { store, clock } = await given()
    const wrong = add(store, clock.now - 80 * DAY, 'wrong')
    add(store, clock.now - 91 * DAY, 'wrong')
    for (let day = 60; day >= 0; day--) {
      for (let hour = 3; hour >= 0; hour--) add(store, clock.now - day * DAY - hour * HOUR, 'passed')
    }
    forgetChecks(store, clock.now)
    const rows = listChecks(store, 1n, 1000)
    expect(rows.every(({ atMs }) => atMs >= clock.now - 90 * DAY)).toBe(true)
    expect(evidenceOf(store, wrong.n)).toEqual(evidence)
    const kept = rows.filter((row) => row.evidence && row.outcome === 'passed')
    const days = new Set(kept.map(({ atMs }) => Math.floor(atMs / DAY)))
    expect(kept.length - days.size).toBeLessThanOrEqual(2)
    expect(kept.slice(0, 3).map(({ n }) => n)).toEqual(rows.slice(0, 3).map(({ n }) => n))
    expect(days.size).toBeGreaterThanOrEqual(30)
    expect(days.size).toBeLessThanOrEqual(32)
    forgetChecks(store, clock.now)
    expect(listChecks(store, 1n, 1000)).toEqual(rows)
  })
})
