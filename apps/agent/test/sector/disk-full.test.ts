import { execFileSync } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it, type TestContext } from 'vitest'
import { deliver } from '../../src/contract/wire/deliver.ts'
import { connectMiner } from '../../src/contract/wire/miner-client.ts'
import { freeSpace } from '../../src/sector/free-space.ts'
import { createMemoryMarket, newAccount } from '../support/memory-market.ts'
import { commitmentOf, createMemoryRun } from '../support/memory-run.ts'
import { openSectors } from '../support/open-sectors.ts'
import { givenOrder, startMiner } from '../support/start-miner.ts'
import { useTempFolders } from '../support/temp-folder.ts'
import { seededBytes } from '../support/volume-bytes.ts'

const MIB = 1024 * 1024
const SESSION = 'aa'.repeat(16)
const tempFolder = useTempFolders()
const closing: (() => Promise<unknown> | unknown)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A small disk of its own, or the test is skipped where nobody may mount one. */
async function givenDisk(context: TestContext, mebibytes: number): Promise<{ folder: string; disk: string }> {
  const folder = await tempFolder()
  const disk = join(folder, 'disk')
  await mkdir(disk)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', disk], { stdio: 'pipe' })
  } catch {
    context.skip('needs the right to mount a tmpfs')
  }
  closing.push(() => execFileSync('umount', ['-l', disk]))
  return { folder, disk }
}

/** Takes all that is free on the disk but `leave` bytes; call the result to give it back. */
async function fill(disk: string, leave = 0): Promise<() => Promise<void>> {
  const path = join(disk, 'filler')
  const free = await freeSpace(disk)
  await writeFile(path, Buffer.alloc(Math.max(0, free - leave)))
  return () => rm(path)
}

/** As on a host without the tool: space is only accounted for. */
async function withoutFallocate<T>(work: () => Promise<T>): Promise<T> {
  const path = process.env.PATH
  process.env.PATH = '/nonexistent'
  try {
    return await work()
  } finally {
    process.env.PATH = path
  }
}

const full = expect.objectContaining({ code: 'DISK_FULL', retryable: true })

describe('a full disk (flow 9)', () => {
  it('refuses an order that it can’t hold, and keeps nothing of it', async (context) => {
    const { folder, disk } = await givenDisk(context, 16)
    const { service, close } = openSectors(folder)
    closing.push(close)
    const { sectorId } = await service.add(join(disk, 'sector'), 12 * MIB)
    await fill(disk, 4 * MIB)
    await expect(service.reserve(1n, sectorId, 8 * MIB)).rejects.toMatchObject({
      code: 'NOT_ENOUGH_SPACE',
      message: expect.stringMatching(/\d+ bytes\) free/),
    })
    expect(await service.open(1n)).toBe(null)
    expect(await freeSpace(disk)).toBeGreaterThan(3 * MIB)
    await expect(service.add(join(disk, 'other'), 8 * MIB)).rejects.toMatchObject({
      code: 'NOT_ENOUGH_SPACE',
    })
  })

  it('can’t stop an order whose space was taken before', async (context) => {
    const { folder, disk } = await givenDisk(context, 24)
    const { service, close } = openSectors(folder)
    closing.push(close)
    const { sectorId } = await service.add(join(disk, 'sector'), 16 * MIB)
    const order = await service.reserve(1n, sectorId, 8 * MIB)
    const log = seededBytes(8 * MIB, 1)
    await order.openSession(SESSION, null)
    // the journal needs a little; data needs nothing more
    await fill(disk, 2 * MIB)
    expect((await order.write(SESSION, 0, log)).durableSize).toBe(8 * MIB)
    await order.seal(SESSION, commitmentOf(log, 8))
  })

  it('where space can’t be taken ahead: acknowledges nothing, says so, and goes on when there is room', async (context) => {
    const { folder, disk } = await givenDisk(context, 24)
    let sectors = openSectors(folder)
    closing.push(() => sectors.close())
    const { sectorId } = await sectors.service.add(join(disk, 'sector'), 16 * MIB)
    let order = await withoutFallocate(() => sectors.service.reserve(1n, sectorId, 12 * MIB))
    const log = seededBytes(12 * MIB, 2)
    await order.openSession(SESSION, null)
    for (let pass = 0; pass < 4; pass++) {
      const held = pass * 3 * MIB
      const part = log.subarray(held, held + 3 * MIB)
      // room for none of it, or for some
      const give = await fill(disk, pass * 700 * 1024)
      // other bytes than those that come when there is room: no root of them may stay
      await expect(order.write(SESSION, held / 1024, seededBytes(part.length, 10 + pass))).rejects.toEqual(
        full,
      )
      expect(order.durableSize).toBe(held)
      expect((await order.read(0, held)).equals(log.subarray(0, held))).toBe(true)
      await give()
      if (pass % 2 === 1) {
        await sectors.close()
        sectors = openSectors(folder)
        order = (await sectors.service.open(1n)) ?? expect.fail('the order is gone')
        expect(order.durableSize).toBe(held)
      }
      await order.write(SESSION, held / 1024, part)
    }
    await order.seal(SESSION, commitmentOf(log, 12))
    expect((await order.scrub()).damaged).toEqual([])
  })

  it('where only the journal has no room: the same', async (context) => {
    const { folder, disk } = await givenDisk(context, 24)
    const { service, close } = openSectors(folder)
    closing.push(close)
    const { sectorId } = await service.add(join(disk, 'sector'), 16 * MIB)
    const order = await service.reserve(1n, sectorId, 2 * MIB)
    const log = seededBytes(2 * MIB, 5)
    await order.openSession(SESSION, null)
    const give = await fill(disk)
    let leaves = 0
    const next = () => order.write(SESSION, leaves, log.subarray(leaves * 1024, (leaves + 1) * 1024))
    let failure: unknown = null
    while (failure === null && leaves < 1000) {
      await next().then(
        () => leaves++,
        (error) => {
          failure = error
        },
      )
    }
    expect(failure).toEqual(full)
    expect(order.durableSize).toBe(leaves * 1024)
    await expect(order.openSession('bb'.repeat(16), null)).rejects.toEqual(full)
    // nothing was fenced by what could not be written down
    await give()
    await next()
    await order.write(SESSION, leaves, log.subarray(leaves * 1024))
    await order.seal(SESSION, commitmentOf(log, 2))
  })

  it('is waited for by the user’s agent, which says so, while other orders are served', async (context) => {
    const { folder, disk } = await givenDisk(context, 24)
    const market = createMemoryMarket()
    const account = newAccount()
    const seed = openSectors(join(folder, 'miner'))
    await seed.service.add(join(disk, 'sector'), 20 * MIB)
    await seed.close()
    const miner = await startMiner({ folder: join(folder, 'miner'), market, signer: account, tls: false })
    closing.push(() => miner.close())
    const first = await givenOrder(miner, market, account, 4)
    const second = await withoutFallocate(() => givenOrder(miner, market, account, 12))
    const connect = (order: typeof first, onRetry: (code: string) => void) =>
      connectMiner({
        endpoint: null,
        reader: market,
        orderId: order.orderId,
        role: 'user',
        signer: order.user,
        allowPrivate: true,
        signal: new AbortController().signal,
        onRetry: ({ code }) => onRetry(code),
      })
    const small = await connect(first, () => {})
    const smallRun = createMemoryRun(seededBytes(2 * MIB, 3), 4, null)
    await deliver({ client: small, run: smallRun, signal: new AbortController().signal })
    market.agree(first.orderId, smallRun.commitment)
    await first.store.committed(smallRun.commitment)

    const give = await fill(disk, 5 * MIB)
    const told: string[] = []
    const large = await connect(second, (code) => told.push(code))
    const run = createMemoryRun(seededBytes(12 * MIB, 4), 12, null)
    const delivery = deliver({ client: large, run, signal: new AbortController().signal })
    while (!told.includes('DISK_FULL')) await new Promise((resolve) => setTimeout(resolve, 20))
    expect(await small.challenge([5n], smallRun.commitment)).toHaveLength(1)
    await give()
    await delivery
    expect(second.store.sealed).toEqual(run.commitment)
    await small.close()
    await large.close()
  })
})
