import { randomBytes } from 'node:crypto'
import { copyFile, open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { commitmentOf } from '../../test/support/memory-run.ts'
import { openSectors, type TestSectors } from '../../test/support/open-sectors.ts'
import { useTempFolders } from '../../test/support/temp-folder.ts'
import { interrupted } from '../contract/wait.ts'
import { openAlarms } from '../health/alarms.ts'
import type { OrderStore } from '../sector/types.ts'
import { DAY_MS, scrubOrder } from './scrub-order.ts'
import { findScrub, listScrubs } from './scrub-rows.ts'
import { type NewData, scrubDue, scrubNew } from './scrubber.ts'

const MIB = 1024 * 1024
const LEAF = 1024
const SESSION = '11'.repeat(16)
const NOW = Date.UTC(2026, 0, 1)
const MINUTE = 60_000
const tempFolder = useTempFolders()
const running: TestSectors[] = []

afterEach(async () => {
  for (const sectors of running.splice(0)) await sectors.close()
})

function openHost(folder: string) {
  const opened = openSectors(folder)
  running.push(opened)
  const { store, service, journal } = opened
  const alarms = openAlarms(store, journal)
  const steps: number[] = []
  const onStep = (bytes: number) => {
    steps.push(bytes)
  }
  const context = { store, sectors: service, alarms, days: 30 }
  const seen: NewData = new Map()
  return {
    ...opened,
    alarms,
    context,
    steps,
    due: (now: number) => scrubDue(context, onStep, now),
    fresh: (now: number) => scrubNew(context, onStep, seen, now),
  }
}

/** Puts `size` bytes in force in an order, after what it has. */
async function grow(order: OrderStore, log: Buffer): Promise<void> {
  const base = order.commitment
  const commitment = commitmentOf(log, order.capacity / MIB)
  await order.openSession(SESSION, base)
  for (let at = Number(base?.size ?? 0n); at < log.length; at += 8 * MIB)
    await order.write(SESSION, at / LEAF, log.subarray(at, at + 8 * MIB))
  await order.seal(SESSION, commitment)
  await order.committed(commitment)
}

/** A miner's host that stores an order of `size` bytes for each id. */
async function given(sizes: Record<string, number>) {
  const folder = await tempFolder()
  const host = openHost(folder)
  const sector = join(folder, 'sector')
  const { sectorId } = await host.service.add(sector, 128 * MIB)
  for (const [id, size] of Object.entries(sizes)) {
    const capacity = Math.ceil(size / MIB) * MIB
    const order = await host.service.reserve(BigInt(id), sectorId, capacity)
    await grow(order, randomBytes(size))
  }
  return { ...host, sectorId, folder, sector, file: (id: string) => join(sector, 'orders', `${id}.data`) }
}

async function flip(file: string, at: number): Promise<void> {
  const handle = await open(file, 'r+')
  const byte = Buffer.alloc(1)
  await handle.read(byte, 0, 1, at)
  await handle.write(Buffer.from([(byte[0] as number) ^ 1]), 0, 1, at)
  await handle.close()
}

describe('reading through what is stored for others (flow 9)', () => {
  it('reads each order once in the days that were set, in steps; what is new in the second half of them', async () => {
    const { due, store, steps, alarms } = await given({ 1: 2 * MIB, 2: 40 * MIB + 3 * LEAF, 3: MIB })
    await due(NOW)
    expect(steps).toEqual([])
    for (const { nextMs, doneMs } of listScrubs(store)) {
      expect(nextMs).toBeGreaterThanOrEqual(NOW + 15 * DAY_MS)
      expect(nextMs).toBeLessThanOrEqual(NOW + 30 * DAY_MS)
      expect(doneMs).toBe(null)
    }
    const then = NOW + 30 * DAY_MS
    await due(then)
    expect(steps.reduce((sum, bytes) => sum + bytes, 0)).toBe(43 * MIB + 3 * LEAF)
    expect(Math.max(...steps)).toBe(16 * MIB)
    expect(findScrub(store, 2n)).toEqual({
      orderId: 2n,
      nextMs: then + 30 * DAY_MS,
      doneMs: then,
      chunks: 41,
      damaged: 0,
    })
    steps.length = 0
    await due(then + 30 * DAY_MS - 1)
    expect(steps).toEqual([])
    await due(then + 30 * DAY_MS)
    expect(steps.length).toBeGreaterThan(0)
    expect(alarms.list()).toEqual([])
  })

  it('finds one flipped bit, says where, and is quiet again once the file was put back', async () => {
    const { due, store, alarms, file, folder, journal } = await given({ 1: 3 * MIB, 2: MIB })
    const copy = join(folder, 'copy')
    await copyFile(file('1'), copy)
    await flip(file('1'), 2 * MIB + 77)
    await due(NOW)
    await due(NOW + 31 * DAY_MS)
    expect(alarms.list()).toMatchObject([
      { key: 'scrub:1', level: 'error', subject: 'order:1', message: expect.stringContaining('(chunk 2)') },
    ])
    expect(findScrub(store, 1n)).toMatchObject({ chunks: 3, damaged: 1, nextMs: NOW + 32 * DAY_MS })
    expect(findScrub(store, 2n)).toMatchObject({ damaged: 0, nextMs: NOW + 61 * DAY_MS })
    // another file in its place, which the open one knows nothing of
    await rename(copy, file('1'))
    await due(NOW + 32 * DAY_MS)
    expect(alarms.list()).toEqual([])
    expect(findScrub(store, 1n)).toMatchObject({ damaged: 0, nextMs: NOW + 62 * DAY_MS })
    expect(journal.list({ limit: 10 }).map(({ message }) => message)).toContain(
      'The data of order 1 was read through: it is whole again.',
    )
  })

  it('stops in the middle when it is told to, and begins that order again', async () => {
    const { due, context, store, steps } = await given({ 1: 40 * MIB })
    await due(NOW)
    let left = 2
    const stopping = () => {
      if (--left === 0) throw interrupted()
    }
    await scrubDue(context, stopping, NOW + 31 * DAY_MS)
    expect(left).toBe(0)
    expect(findScrub(store, 1n)).toMatchObject({ doneMs: null })
    await due(NOW + 31 * DAY_MS)
    expect(steps.reduce((sum, bytes) => sum + bytes, 0)).toBe(40 * MIB)
  })

  it('a disk that is away is an alarm, and is asked for again a day later', async () => {
    const { folder, sector } = await given({ 1: MIB })
    await running.pop()?.close()
    await rename(sector, `${sector}-away`)
    const again = openHost(folder)
    await again.due(NOW)
    await again.due(NOW + 31 * DAY_MS)
    expect(again.alarms.list()).toMatchObject([{ key: 'scrub:1', level: 'error' }])
    expect(findScrub(again.store, 1n)).toMatchObject({ doneMs: null, nextMs: NOW + 32 * DAY_MS })
    await rename(`${sector}-away`, sector)
    await again.due(NOW + 32 * DAY_MS)
    expect(again.alarms.list()).toEqual([])
    expect(findScrub(again.store, 1n)).toMatchObject({ chunks: 1, damaged: 0 })
  })

  it('forgets an order that is gone, with its alarm; fewer days bring the next time nearer', async () => {
    const { due, context, service, store, alarms, file } = await given({ 1: MIB, 2: MIB })
    await flip(file('1'), 5)
    await scrubOrder(context, 1n, () => {}, NOW)
    await scrubOrder(context, 2n, () => {}, NOW)
    expect(alarms.list()).toHaveLength(1)
    await service.deleteOrder(1n)
    await due(NOW)
    expect(alarms.list()).toEqual([])
    expect(listScrubs(store).map(({ orderId }) => orderId)).toEqual([2n])
    await scrubDue({ ...context, days: 7 }, () => {}, NOW)
    expect(findScrub(store, 2n)).toMatchObject({ nextMs: NOW + 7 * DAY_MS })
  })
})

describe('reading what is new (decision 12)', () => {
  const sum = (steps: number[]) => steps.splice(0).reduce((all, bytes) => all + bytes, 0)

  it('reads it once, ten minutes after it came, and later only what came since', async () => {
    const { fresh, steps, service, sectorId, store } = await given({})
    const order = await service.reserve(1n, sectorId, 8 * MIB)
    const log = randomBytes(5 * MIB)
    await grow(order, log.subarray(0, 2 * MIB + 7 * LEAF))
    await fresh(NOW)
    await fresh(NOW + 10 * MINUTE - 1)
    expect(sum(steps)).toBe(0)
    await fresh(NOW + 10 * MINUTE)
    expect(sum(steps)).toBe(2 * MIB + 7 * LEAF)
    expect(findScrub(store, 1n)).toMatchObject({ chunks: 3, doneMs: NOW + 10 * MINUTE })
    await fresh(NOW + DAY_MS)
    expect(sum(steps)).toBe(0)
    await grow(order, log)
    await fresh(NOW + DAY_MS)
    await fresh(NOW + DAY_MS + 10 * MINUTE)
    // with the chunk that was cut the last time
    expect(sum(steps)).toBe(3 * MIB)
    expect(findScrub(store, 1n)).toEqual({
      orderId: 1n,
      nextMs: NOW + 30 * DAY_MS + 10 * MINUTE,
      doneMs: NOW + 10 * MINUTE,
      chunks: 5,
      damaged: 0,
    })
  })

  it('knows what the disk did not keep as it was sent, though it was hashed as it came; also when nothing else is read', async () => {
    const { context, fresh, due, alarms, file, store } = await given({ 1: 3 * MIB, 2: MIB })
    context.days = 0
    await flip(file('1'), MIB + 1)
    await fresh(NOW)
    await fresh(NOW + 10 * MINUTE)
    expect(alarms.list()).toMatchObject([{ key: 'scrub:1', message: expect.stringContaining('(chunk 1)') }])
    // what has an alarm is read again a day later, as it says, and nothing else is
    await flip(file('1'), MIB + 1)
    await fresh(NOW + 20 * MINUTE)
    await due(NOW + DAY_MS)
    expect(alarms.list()).toHaveLength(1)
    await due(NOW + DAY_MS + 10 * MINUTE)
    expect(alarms.list()).toEqual([])
    const before = listScrubs(store)
    await due(NOW + 400 * DAY_MS)
    expect(listScrubs(store)).toEqual(before)
  })

  it('where nothing is read by itself, the alarm of an order that is gone goes with it', async () => {
    const { context, service, due, alarms, file } = await given({ 1: MIB })
    context.days = 0
    await flip(file('1'), 5)
    await scrubOrder(context, 1n, () => {}, NOW)
    expect(alarms.list()).toHaveLength(1)
    await service.deleteOrder(1n)
    await due(NOW)
    expect(alarms.list()).toEqual([])
  })

  it('a part that could not be read is no longer new: all of it is read a day later', async () => {
    const { folder, sector } = await given({ 1: MIB })
    await running.pop()?.close()
    const again = openHost(folder)
    await again.fresh(NOW)
    await rename(sector, `${sector}-away`)
    await again.fresh(NOW + 10 * MINUTE)
    await rename(`${sector}-away`, sector)
    await again.due(NOW + DAY_MS + 10 * MINUTE)
    expect(again.alarms.list()).toEqual([])
    expect(findScrub(again.store, 1n)).toMatchObject({ chunks: 1, damaged: 0 })
  })

  it('what was read while it was only sealed is new when it comes into force: other data may have come in its place', async () => {
    const { fresh, due, steps, service, sectorId } = await given({})
    const order = await service.reserve(1n, sectorId, 4 * MIB)
    const first = randomBytes(MIB)
    await grow(order, first)
    await fresh(NOW)
    await fresh(NOW + 10 * MINUTE)
    expect(sum(steps)).toBe(MIB)
    const seal = async (session: string, log: Buffer) => {
      await order.openSession(session, order.commitment, { mayDropSealed: true })
      await order.write(session, MIB / LEAF, log.subarray(MIB))
      await order.seal(session, commitmentOf(log, 4))
      return commitmentOf(log, 4)
    }
    await seal('22'.repeat(16), Buffer.concat([first, randomBytes(MIB)]))
    await due(NOW + 31 * DAY_MS)
    expect(sum(steps)).toBe(2 * MIB)
    await order.committed(await seal('33'.repeat(16), Buffer.concat([first, randomBytes(MIB)])))
    await fresh(NOW + 32 * DAY_MS)
    await fresh(NOW + 32 * DAY_MS + 10 * MINUTE)
    expect(sum(steps)).toBe(2 * MIB)
  })
})
