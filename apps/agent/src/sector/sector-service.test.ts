import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { commitmentOf } from '../../test/support/memory-run.ts'
import { openSectors, type TestSectors } from '../../test/support/open-sectors.ts'
import { useTempFolders } from '../../test/support/temp-folder.ts'
import { hashThreadsFor } from './sector-service.ts'
import type { SectorService } from './types.ts'

const MIB = 1024 * 1024
const SESSION = '11'.repeat(16)
const tempFolder = useTempFolders()
const running: TestSectors[] = []

async function given(options: Parameters<typeof openSectors>[1] & { folder?: string } = {}) {
  const folder = options.folder ?? (await tempFolder())
  const sectors = openSectors(folder, options)
  running.push(sectors)
  return { folder, path: join(folder, 'sector'), ...sectors }
}

afterEach(async () => {
  for (const sectors of running.splice(0)) await sectors.close()
})

/** Fills an order, seals it, and proves a leaf of it. */
async function storeAndProve(service: SectorService, sectorId: string, orderId: bigint): Promise<void> {
  const order = await service.reserve(orderId, sectorId, 2 * MIB)
  const data = randomBytes(2 * MIB)
  await order.openSession(SESSION, null)
  await order.write(SESSION, 0, data)
  const commitment = commitmentOf(data, 2)
  await order.seal(SESSION, commitment)
  await order.committed(commitment)
  const { leaf } = await order.leafProof(1500, commitment)
  expect(Buffer.from(leaf).equals(data.subarray(1500 * 1024, 1501 * 1024))).toBe(true)
}

describe('hashing threads', () => {
  it.each([
    [1, 1],
    [2, 1],
    [4, 3],
    [64, 4],
  ])('on %i cores there are %i', (cores, threads) => expect(hashThreadsFor(cores)).toBe(threads))

  it('are started for the orders that are open, and each order is hashed by one of them', async () => {
    const threads: number[] = []
    const noted = (worker: { threadId: number }) => threads.push(worker.threadId)
    process.on('worker', noted)
    try {
      const { service, path } = await given({ hashThreads: 3 })
      const { sectorId } = await service.add(path, 16 * MIB)
      await storeAndProve(service, sectorId, 3n)
      expect(threads).toHaveLength(2) // the sector's journal, and one that hashes
      await Promise.all([4n, 5n, 6n, 7n].map((orderId) => storeAndProve(service, sectorId, orderId)))
      expect(threads).toHaveLength(4)
    } finally {
      process.off('worker', noted)
    }
  })

  it('prove every order also after an upgrade, when no further one can be started: a challenge must be answered', async () => {
    const { service, path } = await given({ hashThreads: 3 })
    const { sectorId } = await service.add(path, 16 * MIB)
    vi.stubGlobal('__DMC_WORKERS__', 'dmc-worker-OTHER.mjs')
    try {
      for (const orderId of [4n, 5n, 6n]) await storeAndProve(service, sectorId, orderId)
    } finally {
      vi.unstubAllGlobals()
    }
  })
})

describe('sector service (flows 1 and 8)', () => {
  it('registers a folder with its marker, lists it and removes it without a trace', async () => {
    const { service, path, folder } = await given()
    const info = await service.add(path, 8 * MIB)
    expect(info).toMatchObject({ path, size: 8 * MIB, reserved: 0, state: 'registered', mounted: true })
    const marker = JSON.parse(await readFile(join(path, 'dmc-sector.json'), 'utf8'))
    expect(marker).toEqual({ id: info.sectorId, version: 1, created: expect.any(String) })
    expect(await service.list()).toEqual([info])
    await service.remove(info.sectorId)
    expect(await service.list()).toEqual([])
    expect(await readdir(path)).toEqual([])
    expect(await readdir(folder)).toEqual(['data', 'sector'])
  })

  it.each([0, -1, 1.5, MIB + 1, Number.NaN, Number.POSITIVE_INFINITY])(
    'refuses a size of %s',
    async (size) => {
      const { service, path } = await given()
      await expect(service.add(path, size)).rejects.toMatchObject({ code: 'BAD_SIZE' })
      expect(await service.list()).toEqual([])
    },
  )

  it('refuses more than the disk has, with both numbers', async () => {
    const { service, path } = await given()
    const size = 2 ** 45
    await expect(service.add(path, size)).rejects.toMatchObject({
      code: 'NOT_ENOUGH_SPACE',
      message: expect.stringMatching(/\d+ bytes\) free.*35184372088832 bytes\) needed/),
    })
  })

  it('refuses the same folder twice, one inside another, a source, the agent’s own folder, and one with files', async () => {
    const forbidden: string[] = []
    const { service, path, folder } = await given({ forbidden: () => forbidden })
    const { sectorId } = await service.add(path, MIB)
    await expect(service.add(path, MIB)).rejects.toMatchObject({
      code: 'SECTOR_OVERLAP',
      message: expect.stringContaining(sectorId),
    })
    await expect(service.add(join(path, 'orders', 'x'), MIB)).rejects.toMatchObject({
      code: 'SECTOR_OVERLAP',
    })
    await expect(service.add(folder, MIB)).rejects.toMatchObject({ code: 'SECTOR_OVERLAP' })
    forbidden.push(join(folder, 'photos'))
    await mkdir(join(folder, 'photos', '2026'), { recursive: true })
    for (const inside of ['photos', 'photos/2026', 'data', 'data/x']) {
      await expect(service.add(join(folder, inside), MIB)).rejects.toMatchObject({
        code: 'SECTOR_PATH_REFUSED',
      })
    }
    await mkdir(join(folder, 'full'))
    await writeFile(join(folder, 'full', 'thesis.doc'), 'x')
    await expect(service.add(join(folder, 'full'), MIB)).rejects.toMatchObject({
      code: 'SECTOR_PATH_REFUSED',
      message: expect.stringContaining('thesis.doc'),
    })
    expect(await readdir(join(folder, 'full'))).toEqual(['thesis.doc'])
  })

  it('says not mounted when the marker is missing, and never makes a new one', async () => {
    const first = await given()
    const { sectorId } = await first.service.add(first.path, 4 * MIB)
    await first.service.reserve(1n, sectorId, MIB)
    await first.close()
    running.length = 0
    await rename(first.path, `${first.path}-away`)
    await mkdir(first.path)
    const { service, path } = await given({ folder: first.folder })
    expect(await service.list()).toMatchObject([
      { sectorId, mounted: false, reserved: MIB, state: 'storing' },
    ])
    const missing = { code: 'SECTOR_NOT_MOUNTED', message: expect.stringContaining(path) }
    await expect(service.open(1n)).rejects.toMatchObject(missing)
    await expect(service.reserve(1n, sectorId, MIB)).rejects.toMatchObject(missing)
    await expect(service.reserve(2n, sectorId, MIB)).rejects.toMatchObject(missing)
    await expect(service.deleteOrder(1n)).rejects.toMatchObject(missing)
    await expect(service.add(path, MIB)).rejects.toMatchObject(missing)
    expect(await readdir(path)).toEqual([])
    // mounted again: no restart needed
    await rm(path, { recursive: true })
    await rename(`${path}-away`, path)
    expect((await service.open(1n))?.capacity).toBe(MIB)
    expect(await service.list()).toMatchObject([{ mounted: true }])
  })

  it('is refused to a second agent, naming the first', async () => {
    const first = await given()
    await first.service.add(first.path, MIB)
    const second = await given()
    await expect(second.service.add(first.path, MIB)).rejects.toMatchObject({
      code: 'SECTOR_LOCKED',
      message: expect.stringContaining(`pid ${process.pid}`),
    })
  })

  it('finds its orders again when the agent’s own state is lost', async () => {
    const first = await given()
    const { sectorId } = await first.service.add(first.path, 4 * MIB)
    const order = await first.service.reserve(7n, sectorId, 2 * MIB)
    await order.openSession(SESSION, null)
    await order.write(SESSION, 0, Buffer.alloc(4096, 7))
    await first.close()
    running.length = 0
    await rm(join(first.folder, 'data'), { recursive: true })
    const { service } = await given({ folder: first.folder })
    const info = await service.add(first.path, 4 * MIB)
    expect(info).toMatchObject({ sectorId, reserved: 2 * MIB, state: 'storing' })
    const again = await service.open(7n)
    expect(again).toMatchObject({ durableSize: 4096, session: SESSION })
    expect(await service.orders()).toEqual([
      { orderId: 7n, sectorId, capacity: 2 * MIB, durableSize: 4096, committedSize: 0 },
    ])
    expect((await again?.read(0, 4096))?.equals(Buffer.alloc(4096, 7))).toBe(true)
  })

  it('follows a disk that is mounted elsewhere', async () => {
    const first = await given()
    const { sectorId } = await first.service.add(first.path, 4 * MIB)
    await first.service.reserve(7n, sectorId, MIB)
    await first.close()
    running.length = 0
    await rename(first.path, join(first.folder, 'moved'))
    const { service, folder } = await given({ folder: first.folder })
    expect(await service.add(join(folder, 'moved'), 4 * MIB)).toMatchObject({ sectorId, reserved: MIB })
    expect(await service.list()).toHaveLength(1)
    expect((await service.open(7n))?.capacity).toBe(MIB)
  })

  it('follows it while it runs, with orders that are open', async () => {
    const { service, folder, path } = await given()
    const { sectorId } = await service.add(path, 4 * MIB)
    const before = await service.reserve(7n, sectorId, MIB)
    await rename(path, join(folder, 'moved'))
    await service.add(join(folder, 'moved'), 4 * MIB)
    const order = await service.open(7n)
    expect(order).not.toBe(before)
    const session = 'ab'.repeat(16)
    await order?.openSession(session, null)
    await order?.write(session, 0, new Uint8Array(1024).fill(1))
    expect((await readFile(join(folder, 'moved', 'orders', '7.data')))[5]).toBe(1)
  })

  it('reserves the whole capacity on the disk, once per order, never more than offered', async () => {
    const { service, path, journal } = await given()
    const { sectorId } = await service.add(path, 4 * MIB)
    const [a, again] = await Promise.all([
      service.reserve(1n, sectorId, 3 * MIB),
      service.reserve(1n, sectorId, 3 * MIB),
    ])
    expect(again).toBe(a)
    await expect(service.reserve(2n, sectorId, 2 * MIB)).rejects.toMatchObject({
      code: 'NOT_ENOUGH_SPACE',
      meta: { have: MIB, need: 2 * MIB },
    })
    expect(await service.open(2n)).toBe(null)
    // two at once can't take the same space
    const both = await Promise.allSettled([
      service.reserve(3n, sectorId, MIB),
      service.reserve(4n, sectorId, MIB),
    ])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const { stat } = await import('node:fs/promises')
    const file = await stat(join(path, 'orders', '1.data'))
    expect(file.size).toBe(3 * MIB)
    expect(file.blocks * 512).toBeGreaterThanOrEqual(3 * MIB)
    expect(await service.orders()).toMatchObject([
      { orderId: 1n, sectorId, capacity: 3 * MIB, durableSize: 0 },
      { capacity: MIB },
    ])
    await expect(service.remove(sectorId)).rejects.toMatchObject({ code: 'SECTOR_IN_USE' })
    await expect(service.reserve(9n, 'nope', MIB)).rejects.toMatchObject({ code: 'SECTOR_NOT_FOUND' })
    expect(journal.list({ subject: `sector:${sectorId}` })).toMatchObject([{ event: 'sector-added' }])
  })

  it('deletes an order’s files and gives its space back; deleting again is harmless', async () => {
    const { service, path } = await given()
    const { sectorId } = await service.add(path, 2 * MIB)
    const order = await service.reserve(1n, sectorId, 2 * MIB)
    await order.openSession(SESSION, null)
    await order.write(SESSION, 0, Buffer.alloc(1024))
    await service.deleteOrder(1n)
    await service.deleteOrder(1n)
    await expect(order.read(0, 1024)).rejects.toThrow()
    expect(await readdir(join(path, 'orders'))).toEqual([])
    expect(await service.open(1n)).toBe(null)
    expect((await service.reserve(2n, sectorId, 2 * MIB)).durableSize).toBe(0)
  })

  it('goes on with a deletion that was cut off', async () => {
    const first = await given()
    const { sectorId } = await first.service.add(first.path, 2 * MIB)
    await first.service.reserve(1n, sectorId, MIB)
    await first.service.reserve(2n, sectorId, MIB)
    await first.close()
    running.length = 0
    const { DatabaseSync } = await import('node:sqlite')
    const db = new DatabaseSync(join(first.path, 'sector.db'))
    db.exec(`UPDATE order_data SET deleting = 1 WHERE order_id = '1'`)
    db.close()
    await rm(join(first.path, 'orders', '1.data'))
    const { service } = await given({ folder: first.folder })
    expect((await service.open(2n))?.capacity).toBe(MIB)
    expect(await service.open(1n)).toBe(null)
    await service.deleteOrder(1n)
    expect((await service.orders()).map(({ orderId }) => orderId)).toEqual([2n])
  })

  it.each([
    ['without its journal', 'rm'],
    ['with a journal that is no database', 'garbage'],
  ])('is damaged %s, and its data stays', async (_name, how) => {
    const first = await given()
    const { sectorId } = await first.service.add(first.path, 2 * MIB)
    await first.service.reserve(1n, sectorId, MIB)
    await first.close()
    running.length = 0
    const db = join(first.path, 'sector.db')
    if (how === 'rm') await rm(db)
    else await writeFile(db, Buffer.alloc(8192, 0x5a))
    const { service } = await given({ folder: first.folder })
    await expect(service.open(1n)).rejects.toMatchObject({ code: 'SECTOR_DAMAGED' })
    expect(await readdir(join(first.path, 'orders'))).toEqual(['1.data', '1.twigs'])
  })

  it('refuses a marker that it can’t understand instead of writing over it', async () => {
    const { service, path } = await given()
    await mkdir(path)
    await writeFile(join(path, 'dmc-sector.json'), '{"id":"ab","version":2}')
    await expect(service.add(path, MIB)).rejects.toMatchObject({ code: 'SECTOR_DAMAGED' })
    expect(await readFile(join(path, 'dmc-sector.json'), 'utf8')).toBe('{"id":"ab","version":2}')
  })
})
