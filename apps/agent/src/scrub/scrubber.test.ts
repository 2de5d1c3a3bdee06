import { randomBytes } from 'node:crypto'
import { copyFile, open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { commitmentOf } from '../../test/support/memory-run.ts'
import { openSectors, type TestSectors } from '../../test/support/open-sectors.ts'
import { useTempFolders } from '../../test/support/temp-folder.ts'
import { interrupted } from '../contract/wait.ts'
import { openAlarms } from '../health/alarms.ts'
import { DAY_MS, scrubOrder } from './scrub-order.ts'
import { findScrub, listScrubs } from './scrub-rows.ts'
import { scrubDue } from './scrubber.ts'

const MIB = 1024 * 1024
const LEAF = 1024
const SESSION = '11'.repeat(16)
const NOW = Date.UTC(2026, 0, 1)
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
  return { ...opened, alarms, context, steps, due: (now: number) => scrubDue(context, onStep, now) }
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
    const data = randomBytes(size)
    const commitment = commitmentOf(data, capacity / MIB)
    await order.openSession(SESSION, null)
    for (let at = 0; at < size; at += 8 * MIB)
      await order.write(SESSION, at / LEAF, data.subarray(at, at + 8 * MIB))
    await order.seal(SESSION, commitment)
    await order.committed(commitment)
  }
  return { ...host, folder, sector, file: (id: string) => join(sector, 'orders', `${id}.data`) }
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
