import { execFileSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { mkdir, open, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Commitment } from '@dmc/core/chain/types'
import { chunkRoot } from '@dmc/core/merkle/chunk-root'
import { chunkRootAndTwigs } from '@dmc/core/merkle/chunk-twigs'
import { CHUNK_SIZE, treeDepth } from '@dmc/core/merkle/constants'
import { hashChunks } from '@dmc/core/merkle/hash-chunks'
import { createNodeHasher } from '@dmc/core/merkle/node-hasher'
import { verifyData, verifyRange } from '@dmc/core/merkle/range-proof'
import { verifyLeaf } from '@dmc/core/merkle/verify-leaf'
import { afterEach, describe, expect, it } from 'vitest'
import { commitmentOf } from '../../test/support/memory-run.ts'
import { openSectors, type TestSectors } from '../../test/support/open-sectors.ts'
import { useTempFolders } from '../../test/support/temp-folder.ts'
import { seededBytes } from '../../test/support/volume-bytes.ts'
import { BufferPool } from './buffer-pool.ts'
import type { OrderStore } from './types.ts'

const MIB = CHUNK_SIZE
const LEAF = 1024
const CAPACITY = 5
const A = 'aa'.repeat(16)
const B = 'bb'.repeat(16)
const C = 'cc'.repeat(16)
const hasher = createNodeHasher()
const tempFolder = useTempFolders()
const running = new Set<TestSectors>()

async function reopen(folder: string): Promise<{ sectors: TestSectors; order: OrderStore }> {
  const sectors = openSectors(folder)
  running.add(sectors)
  const known =
    (await sectors.service.list())[0] ?? (await sectors.service.add(join(folder, 'sector'), 8 * MIB))
  return { sectors, order: await sectors.service.reserve(1n, known.sectorId, CAPACITY * MIB) }
}

async function given() {
  const folder = await tempFolder()
  const first = await reopen(folder)
  return {
    folder,
    ...first,
    dataFile: join(folder, 'sector', 'orders', '1.data'),
    rootsFile: join(folder, 'sector', 'orders', '1.roots'),
    restart: async () => {
      const [open] = running
      if (open) await close(open)
      return reopen(folder)
    },
  }
}

async function close(sectors: TestSectors): Promise<void> {
  running.delete(sectors)
  await sectors.close()
}

afterEach(async () => {
  for (const sectors of running) await close(sectors)
})

/** Writes, seals and puts in force. */
async function commit(order: OrderStore, session: string, log: Buffer, from = 0): Promise<Commitment> {
  await order.openSession(session, order.commitment)
  await order.write(session, from / LEAF, log.subarray(from))
  const commitment = commitmentOf(log, CAPACITY)
  await order.seal(session, commitment)
  await order.committed(commitment)
  return commitment
}

const code = (expected: string) => expect.objectContaining({ code: expected })

describe('one order on disk (flow 9)', () => {
  it('an order is not open in the hashing worker: never said to who reads while its file is opened again', async () => {
    const { order, sectors } = await given()
    const log = seededBytes(2 * MIB + 3 * LEAF, 9)
    const commitment = await commit(order, A, log.subarray(0, 2 * MIB))
    await order.openSession(B, commitment)
    let over = false
    const reopening = (async () => {
      while (!over) expect(await sectors.service.reopen(1n)).toBe(order)
    })()
    for (let round = 0; round < 60; round++) {
      const index = (round * 37) % 2048
      const [proof, { data, release }] = await Promise.all([
        order.leafProof(index, commitment),
        order.readProven(0, MIB, commitment, true),
        order.write(B, 2048 + (round % 3), log.subarray((2048 + (round % 3)) * LEAF).subarray(0, LEAF)),
      ])
      expect(Buffer.compare(proof.leaf, log.subarray(index * LEAF, (index + 1) * LEAF))).toBe(0)
      expect(Buffer.compare(data, log.subarray(0, MIB))).toBe(0)
      release()
    }
    over = true
    await reopening
    const grown = commitmentOf(log, CAPACITY)
    await order.seal(B, grown)
    await order.committed(grown)
    await order.leafProof(2050, grown)
  })

  it('a file put in its place is believed only when it leads to the commitment', async () => {
    const { order, sectors, dataFile } = await given()
    const log = seededBytes(2 * MIB, 10)
    const commitment = await commit(order, A, log)
    const whole = await readFile(dataFile)
    await rename(dataFile, `${dataFile}.old`)
    await writeFile(dataFile, Buffer.alloc(whole.length, 7))
    // what is open is still the old one
    await order.leafProof(5, commitment)
    await sectors.service.reopen(1n)
    await expect(order.leafProof(5, commitment)).rejects.toEqual(code('SECTOR_DAMAGED'))
    await rm(dataFile)
    await expect(sectors.service.reopen(1n)).rejects.toEqual(code('SECTOR_DAMAGED'))
    await rename(`${dataFile}.old`, dataFile)
    await sectors.service.reopen(1n)
    const { leaf } = await order.leafProof(5, commitment)
    expect(Buffer.compare(leaf, log.subarray(5 * LEAF, 6 * LEAF))).toBe(0)
  })

  it('who holds an order that was deleted is told so', async () => {
    const { order, sectors } = await given()
    const commitment = await commit(order, A, seededBytes(MIB, 11))
    await sectors.service.deleteOrder(1n)
    await expect(order.leafProof(5, commitment)).rejects.toEqual(code('ORDER_NOT_FOUND'))
  })

  it('acknowledges with the roots of what it holds', async () => {
    const { order } = await given()
    const log = seededBytes(2 * MIB + 3 * LEAF, 1)
    expect(await order.openSession(A, null)).toEqual({ durableSize: 0 })
    const { durableSize, chunks } = await order.write(A, 0, log)
    expect(durableSize).toBe(log.length)
    expect(chunks.map(([index]) => index)).toEqual([0, 1, 2])
    for (const [index, root] of chunks) {
      expect(root).toEqual(chunkRoot(hasher, log.subarray(index * MIB, (index + 1) * MIB)))
    }
    expect((await order.read(MIB - 5, 10)).equals(log.subarray(MIB - 5, MIB + 5))).toBe(true)
  })

  it('gives the same roots where no memory is left to hash from', async () => {
    const folder = await tempFolder()
    const pool = new BufferPool(8 * MIB)
    const sectors = openSectors(folder, { pool })
    running.add(sectors)
    const { sectorId } = await sectors.service.add(join(folder, 'sector'), 8 * MIB)
    const order = await sectors.service.reserve(1n, sectorId, CAPACITY * MIB)
    const log = seededBytes(4 * MIB + LEAF, 9)
    await order.openSession(A, null)
    const lent = pool.acquireNow(8 * MIB)
    const { chunks } = await order.write(A, 0, log.subarray(0, 2 * MIB))
    lent?.release()
    chunks.push(...(await order.write(A, (2 * MIB) / LEAF, log.subarray(2 * MIB))).chunks)
    expect(pool.lent).toBe(0)
    expect(chunks.map(([, root]) => Buffer.from(root))).toEqual(
      [0, 1, 2, 3, 4].map((i) =>
        Buffer.from(chunkRoot(hasher, new Uint8Array(log.subarray(i * MIB, (i + 1) * MIB)))),
      ),
    )
    await order.seal(A, commitmentOf(log, CAPACITY))
    expect((await order.scrub()).damaged).toEqual([])
  })

  it('takes pieces in any order and at the same time; only the contiguous part counts as durable', async () => {
    const { order } = await given()
    const log = seededBytes(4 * MIB, 2)
    await order.openSession(A, null)
    const put = (first: number, end: number) => order.write(A, first, log.subarray(first * LEAF, end * LEAF))
    expect(await put(2048, 3072)).toMatchObject({ durableSize: 0, chunks: [[2, expect.anything()]] })
    // with a gap before it a chunk has no root
    expect(await put(500, 600)).toEqual({ durableSize: 0, chunks: [] })
    await Promise.all([put(0, 500), put(600, 1024), put(1024, 1500), put(1400, 2048), put(3072, 4096)])
    expect(order.durableSize).toBe(4 * MIB)
    await order.seal(A, commitmentOf(log, CAPACITY))
  })

  it('is not harmed by the same bytes twice, and forgets a root when other bytes come', async () => {
    const { order } = await given()
    const log = seededBytes(MIB, 3)
    await order.openSession(A, null)
    const first = await order.write(A, 0, log)
    expect(await order.write(A, 0, log)).toEqual(first)
    expect(await order.write(A, 10, log.subarray(10 * LEAF, 20 * LEAF))).toEqual(first)
    const other = Buffer.from(log)
    other[12 * LEAF] = (other[12 * LEAF] ?? 0) ^ 1
    const changed = await order.write(A, 12, other.subarray(12 * LEAF, 13 * LEAF))
    expect(changed.chunks).toEqual([[0, chunkRoot(hasher, other)]])
    await expect(order.seal(A, commitmentOf(log, CAPACITY))).rejects.toEqual(code('COMMITMENT_MISMATCH'))
    await order.seal(A, commitmentOf(other, CAPACITY))
  })

  it('refuses leaves below the commitment, past the capacity, or not whole', async () => {
    const { order } = await given()
    const log = seededBytes(MIB + LEAF, 4)
    await commit(order, A, log)
    await order.openSession(B, order.commitment)
    const leaf = Buffer.alloc(LEAF)
    await expect(order.write(B, 0, leaf)).rejects.toEqual(code('LEAVES_OUT_OF_RANGE'))
    await expect(order.write(B, 1024, leaf)).rejects.toEqual(code('LEAVES_OUT_OF_RANGE'))
    await expect(order.write(B, 1025, Buffer.alloc(0))).rejects.toEqual(code('LEAVES_OUT_OF_RANGE'))
    await expect(order.write(B, 1025, Buffer.alloc(1023))).rejects.toEqual(code('LEAVES_OUT_OF_RANGE'))
    await expect(order.write(B, -1, leaf)).rejects.toEqual(code('LEAVES_OUT_OF_RANGE'))
    await expect(order.write(B, 1.5, leaf)).rejects.toEqual(code('LEAVES_OUT_OF_RANGE'))
    await expect(order.write(B, CAPACITY * 1024, leaf)).rejects.toEqual(code('CAPACITY_EXCEEDED'))
    await expect(order.write(B, CAPACITY * 1024 - 1, Buffer.alloc(2 * LEAF))).rejects.toEqual(
      code('CAPACITY_EXCEEDED'),
    )
    expect((await order.write(B, CAPACITY * 1024 - 1, leaf)).durableSize).toBe(log.length)
  })

  it('fences: a newer session drops what the older left unsealed, and the older stays out', async () => {
    const { order } = await given()
    const log = seededBytes(2 * MIB, 5)
    await order.openSession(A, null)
    await order.write(A, 0, log)
    expect(await order.openSession(A, null)).toEqual({ durableSize: 2 * MIB })
    expect(await order.openSession(B, null)).toEqual({ durableSize: 0 })
    await expect(order.write(A, 0, log)).rejects.toEqual(code('SESSION_FENCED'))
    await expect(order.seal(A, commitmentOf(log, CAPACITY))).rejects.toEqual(code('SESSION_FENCED'))
    await expect(order.openSession(A, null)).rejects.toEqual(code('SESSION_FENCED'))
    await expect(order.write(C, 0, log)).rejects.toEqual(code('SESSION_UNKNOWN'))
    await expect(order.read(0, LEAF)).rejects.toEqual(code('LEAVES_OUT_OF_RANGE'))
    // what is still on the disk from the older session doesn't count
    await expect(order.seal(B, commitmentOf(log, CAPACITY))).rejects.toEqual(code('COMMITMENT_MISMATCH'))
    await commit(order, B, log)
  })

  it('goes back with a session whose user lost what it wrote last, and takes other bytes from there', async () => {
    const { order, restart } = await given()
    const first = seededBytes(MIB + 7 * LEAF, 51)
    const commitment = await commit(order, A, first)
    const lost = Buffer.concat([first, seededBytes(2 * MIB, 52)])
    await order.openSession(B, commitment)
    await order.write(B, first.length / LEAF, lost.subarray(first.length))
    await order.write(B, 4 * 1024, seededBytes(LEAF, 53))
    expect(await order.openSession(B, commitment)).toEqual({ durableSize: lost.length })
    expect(await order.openSession(B, commitment, { size: lost.length + LEAF })).toEqual({
      durableSize: lost.length,
    })
    const size = 2 * MIB + 3 * LEAF
    expect(await order.openSession(B, commitment, { size })).toEqual({ durableSize: size })
    const again = (await restart()).order
    expect(again.durableSize).toBe(size)
    // shorter than what was there, in the middle of a chunk that still holds older bytes
    const log = Buffer.concat([lost.subarray(0, size), seededBytes(5 * LEAF, 54)])
    const { chunks } = await again.write(B, size / LEAF, log.subarray(size))
    expect(chunks).toEqual([[2, chunkRoot(hasher, log.subarray(2 * MIB))]])
    // never below the commitment
    expect(await again.openSession(B, commitment, { size: 0 })).toEqual({ durableSize: first.length })
    await again.write(B, first.length / LEAF, log.subarray(first.length))
    const sealed = commitmentOf(log, CAPACITY)
    await again.seal(B, sealed)
    // what is sealed goes only with its session
    await expect(again.openSession(B, commitment, { size })).rejects.toEqual(code('SESSION_FENCED'))
    expect(await again.openSession(B, commitment, { size: log.length })).toEqual({ durableSize: log.length })
    await again.committed(sealed)
    expect((await again.read(0, log.length)).equals(log)).toBe(true)
  })

  it('builds only on the commitment in force', async () => {
    const { order } = await given()
    const log = seededBytes(MIB, 6)
    await expect(order.openSession(A, { root: `0x${'11'.repeat(32)}`, size: 1024n })).rejects.toEqual(
      code('SESSION_BASE_MISMATCH'),
    )
    const commitment = await commit(order, A, log)
    await expect(order.openSession(B, null)).rejects.toEqual(code('SESSION_BASE_MISMATCH'))
    await expect(order.openSession(B, { ...commitment, size: 2048n })).rejects.toEqual(
      code('SESSION_BASE_MISMATCH'),
    )
    const upper = { ...commitment, root: `0x${commitment.root.slice(2).toUpperCase()}` } as const
    expect(await order.openSession(B, upper)).toEqual({ durableSize: MIB })
  })

  it('freezes what is sealed until the chain has decided (decision 1)', async () => {
    const { order, restart } = await given()
    const log = seededBytes(MIB, 7)
    await order.openSession(A, null)
    await order.write(A, 0, log)
    const commitment = commitmentOf(log, CAPACITY)
    await order.seal(A, commitment)
    await order.seal(A, commitment)
    expect(order.sealed).toEqual(commitment)
    expect((await order.write(A, 3, log.subarray(3 * LEAF, 5 * LEAF))).durableSize).toBe(MIB)
    await expect(order.write(A, 3, Buffer.alloc(LEAF, 1))).rejects.toEqual(code('LEAVES_OUT_OF_RANGE'))
    await expect(order.write(A, 1024, Buffer.alloc(LEAF, 1))).rejects.toEqual(code('LEAVES_OUT_OF_RANGE'))
    await expect(order.openSession(B, null)).rejects.toEqual(code('STATEMENT_STANDS'))
    const again = (await restart()).order
    expect(again.sealed).toEqual(commitment)
    await expect(again.openSession(B, null)).rejects.toEqual(code('STATEMENT_STANDS'))
    expect(await again.openSession(B, null, { mayDropSealed: true })).toEqual({ durableSize: 0 })
    expect(again.sealed).toBe(null)
    await expect(again.committed(commitment)).rejects.toEqual(code('COMMITMENT_UNKNOWN'))
  })

  it('proves every range against the commitment in force, the one just replaced, and the sealed one', async () => {
    const { order, restart } = await given()
    const long = seededBytes(4 * MIB + 77 * LEAF, 8)
    const short = long.subarray(0, 2 * MIB + 5 * LEAF)
    const first = await commit(order, A, short)
    const second = await commit(order, B, long, short.length)
    const depth = treeDepth(CAPACITY)
    for (const restarted of [false, true]) {
      const store = restarted ? (await restart()).order : order
      expect(store).toMatchObject({
        commitment: second,
        previousCommitment: first,
        sealed: null,
        session: null,
      })
      for (const [commitment, log] of [
        [first, short],
        [second, long],
      ] as const) {
        const size = log.length
        const ranges = [
          [0, size],
          [0, LEAF],
          [size - LEAF, LEAF],
          [MIB - LEAF, 2 * LEAF],
          [MIB, MIB],
          [MIB + 3 * LEAF, MIB],
          [2 * MIB, size - 2 * MIB],
          [7 * LEAF, size - 9 * LEAF],
        ] as const
        for (const [offset, length] of ranges) {
          for (const checked of [true, false]) {
            const { data, siblings, release } = await store.readProven(offset, length, commitment, checked)
            expect(data.equals(log.subarray(offset, offset + length))).toBe(true)
            verifyData({ hasher, commitment, depth, offset, data: Buffer.from(data), siblings })
            release()
          }
        }
        const chunks = Math.ceil(size / MIB)
        const { roots, siblings } = await store.readRoots(1, chunks - 1, commitment)
        expect(Buffer.from(roots)).toEqual(Buffer.from(hashChunks(hasher, log)).subarray(32))
        verifyRange({
          hasher,
          ...commitment,
          depth,
          level: 10,
          first: 1,
          count: chunks - 1,
          nodes: roots,
          siblings,
        })
        for (const index of [0, 1023, 1024, 2050, size / LEAF - 1]) {
          const proof = await store.leafProof(index, commitment)
          expect(Buffer.from(proof.leaf).equals(log.subarray(index * LEAF, (index + 1) * LEAF))).toBe(true)
          verifyLeaf({ hasher, ...commitment, depth, index, ...proof })
        }
        const key = Buffer.alloc(32, 9)
        const hmac = await store.probe(100, MIB + 1000, key, commitment)
        expect(Buffer.from(hmac)).toEqual(
          createHmac('sha256', key)
            .update(log.subarray(100, MIB + 1100))
            .digest(),
        )
        await expect(store.readProven(0, size + LEAF, commitment, true)).rejects.toEqual(
          code('LEAVES_OUT_OF_RANGE'),
        )
        await expect(store.readProven(1, LEAF, commitment, true)).rejects.toEqual(code('LEAVES_OUT_OF_RANGE'))
        await expect(store.leafProof(size / LEAF, commitment)).rejects.toEqual(code('LEAVES_OUT_OF_RANGE'))
        await expect(store.readRoots(chunks, 1, commitment)).rejects.toEqual(code('PROOF_INDEX_OUT_OF_RANGE'))
        await expect(store.probe(0, size + 1, key, commitment)).rejects.toEqual(code('LEAVES_OUT_OF_RANGE'))
      }
      const unknown = { ...second, size: second.size - 1024n }
      await expect(store.readProven(0, LEAF, unknown, true)).rejects.toEqual(code('COMMITMENT_UNKNOWN'))
    }
  })

  it('keeps proving the commitment in force while an unsealed session grows its last chunk', async () => {
    const { order } = await given()
    const log = seededBytes(2 * MIB, 9)
    const commitment = await commit(order, A, log.subarray(0, MIB + 100 * LEAF))
    await order.openSession(B, commitment)
    await order.write(B, 1124, log.subarray(MIB + 100 * LEAF))
    const { data, siblings, release } = await order.readProven(MIB, 100 * LEAF, commitment, true)
    verifyData({ hasher, commitment, depth: order.depth, offset: MIB, data: Buffer.from(data), siblings })
    release()
    expect(await order.scrub()).toMatchObject({ orderId: 1n, chunks: 2, damaged: [] })
    await order.seal(B, commitmentOf(log, CAPACITY))
  })

  it('goes back with a reorg and forward again', async () => {
    const { order } = await given()
    const log = seededBytes(2 * MIB, 10)
    const first = await commit(order, A, log.subarray(0, MIB))
    const second = await commit(order, B, log, MIB)
    await order.committed(first)
    expect(order).toMatchObject({ commitment: first, sealed: second, previousCommitment: null })
    await expect(order.openSession(C, first)).rejects.toEqual(code('STATEMENT_STANDS'))
    await order.committed(second)
    expect(order).toMatchObject({ commitment: second, sealed: null, previousCommitment: first })
    expect((await order.scrub()).damaged).toEqual([])
  })

  it('seals again after it is in force, when the reply was lost', async () => {
    const { order } = await given()
    const commitment = await commit(order, A, seededBytes(MIB, 11))
    await order.seal(A, commitment)
  })

  it('keeps exactly what was acknowledged over a restart', async () => {
    const { order, restart } = await given()
    const log = seededBytes(3 * MIB, 12)
    await order.openSession(A, null)
    await order.write(A, 0, log.subarray(0, MIB + 7 * LEAF))
    await order.write(A, 2048, log.subarray(2 * MIB))
    const again = (await restart()).order
    expect(again).toMatchObject({ durableSize: MIB + 7 * LEAF, session: A })
    expect(await again.openSession(A, null)).toEqual({ durableSize: MIB + 7 * LEAF })
    await again.write(A, 1031, log.subarray(MIB + 7 * LEAF, 2 * MIB))
    await again.seal(A, commitmentOf(log, CAPACITY))
  })

  it('finds damage in unsealed data at the seal after a restart', async () => {
    const { order, restart, dataFile } = await given()
    const log = seededBytes(2 * MIB, 13)
    await order.openSession(A, null)
    await order.write(A, 0, log)
    await flip(dataFile, MIB + 17)
    const again = (await restart()).order
    await expect(again.seal(A, commitmentOf(log, CAPACITY))).rejects.toEqual(code('COMMITMENT_MISMATCH'))
    // sent again it is whole
    await again.write(A, 1024, log.subarray(MIB))
    await again.seal(A, commitmentOf(log, CAPACITY))
  })

  it('tells damage below the base from a wrong commitment', async () => {
    const { order, restart, dataFile } = await given()
    const log = seededBytes(3 * MIB, 14)
    await commit(order, A, log.subarray(0, 2 * MIB))
    await flip(dataFile, 5)
    const again = await restart()
    await again.order.openSession(B, again.order.commitment)
    await again.order.write(B, 2048, log.subarray(2 * MIB))
    await expect(again.order.seal(B, commitmentOf(log, CAPACITY))).rejects.toEqual(code('SECTOR_DAMAGED'))
    expect(again.sectors.journal.list({ subject: 'order:1' })).toMatchObject([
      { level: 'error', event: 'sector-damaged', data: { chunks: [0] } },
    ])
  })

  it('makes wrong or missing stored roots again from the data', async () => {
    const { order, restart, rootsFile } = await given()
    const log = seededBytes(3 * MIB + LEAF, 15)
    const commitment = await commit(order, A, log)
    const right = await readFile(rootsFile)
    for (const wrong of [Buffer.alloc(0), Buffer.alloc(64), Buffer.alloc(128, 3), null]) {
      if (wrong) await writeFile(rootsFile, wrong)
      else await (await import('node:fs/promises')).rm(rootsFile)
      const again = await restart()
      const { data, release } = await again.order.readProven(MIB, MIB, commitment, true)
      expect(data.equals(log.subarray(MIB, 2 * MIB))).toBe(true)
      release()
      expect(await readFile(rootsFile)).toEqual(right)
    }
  })

  it('says which chunk is missing when the file was cut short', async () => {
    const { order, restart, dataFile } = await given()
    const commitment = await commit(order, A, seededBytes(3 * MIB, 16))
    await truncate(dataFile, 2 * MIB + 100)
    const again = (await restart()).order
    expect((await again.readProven(0, 2 * MIB, commitment, true)).siblings).toHaveLength(1)
    await expect(again.readProven(2 * MIB, MIB, commitment, true)).rejects.toMatchObject({
      code: 'SECTOR_DAMAGED',
      meta: { chunks: '2' },
    })
  })
})

describe('twigs: the nodes that prove a leaf by reading 64 KiB', () => {
  /** Two whole chunks and a cut one, in force; every 97th leaf of it. */
  async function stored() {
    const given_ = await given()
    const log = seededBytes(2 * MIB + 9 * LEAF, 21)
    const commitment = await commit(given_.order, A, log)
    const indexes = Array.from({ length: 22 }, (_, i) => i * 97)
    const provesAll = async (order: OrderStore) => {
      for (const index of [...indexes, 2048, 2056]) {
        const { leaf, path } = await order.leafProof(index, commitment)
        expect(Buffer.compare(leaf, log.subarray(index * LEAF, (index + 1) * LEAF))).toBe(0)
        verifyLeaf({ hasher, ...commitment, depth: treeDepth(CAPACITY), index: BigInt(index), leaf, path })
      }
    }
    return {
      ...given_,
      log,
      commitment,
      provesAll,
      twigsFile: join(given_.folder, 'sector', 'orders', '1.twigs'),
    }
  }

  it('are there as soon as a chunk is stored, and prove after a restart too', async () => {
    const { order, provesAll, restart, twigsFile } = await stored()
    expect((await readFile(twigsFile)).length).toBe(2 * 512)
    await provesAll(order)
    await provesAll((await restart()).order)
  })

  it('are believed only where they lead to the chunk’s root, and made again', async () => {
    const { order, provesAll, restart, twigsFile } = await stored()
    const right = await readFile(twigsFile)
    for (const wrong of [Buffer.alloc(1024, 9), right.subarray(0, 700), Buffer.alloc(0)]) {
      await writeFile(twigsFile, wrong)
      await provesAll(order)
      expect(Buffer.compare(await readFile(twigsFile), right)).toBe(0)
    }
    await rm(twigsFile)
    await provesAll((await restart()).order)
    expect(Buffer.compare(await readFile(twigsFile), right)).toBe(0)
  })

  it('where they can’t be kept, leaves are proved from their chunk', async () => {
    const { provesAll, restart, twigsFile, dataFile } = await stored()
    await rm(twigsFile)
    await symlink(dataFile, twigsFile)
    await provesAll((await restart()).order)
    // opens, and takes nothing
    await rm(twigsFile)
    execFileSync('mkfifo', [twigsFile])
    await provesAll((await restart()).order)
    await rm(twigsFile)
    await mkdir(twigsFile)
    await provesAll((await restart()).order)
  })

  it('never serve a leaf whose data has changed, also when the twigs changed with it', async () => {
    const { order, commitment, dataFile, twigsFile, log } = await stored()
    const data = Buffer.from(log.subarray(0, MIB))
    data[70 * LEAF] = (data[70 * LEAF] ?? 0) ^ 1
    const file = await open(dataFile, 'r+')
    await file.write(data, 0, MIB, 0)
    await file.close()
    await expect(order.leafProof(70, commitment)).rejects.toEqual(code('SECTOR_DAMAGED'))
    const lie = new Uint8Array(512)
    chunkRootAndTwigs(hasher, data, lie)
    const twigs = await open(twigsFile, 'r+')
    await twigs.write(lie, 0, 512, 0)
    await twigs.close()
    await expect(order.leafProof(70, commitment)).rejects.toEqual(code('SECTOR_DAMAGED'))
    // what is whole in the same chunk is still proved by the right ones
    const right = new Uint8Array(512)
    chunkRootAndTwigs(hasher, log.subarray(0, MIB), right)
    const again = await open(twigsFile, 'r+')
    await again.write(right, 0, 512, 0)
    await again.close()
    await order.leafProof(700, commitment)
    await expect(order.leafProof(70, commitment)).rejects.toEqual(code('SECTOR_DAMAGED'))
  })

  it('many leaves at once after a restart, with no roots and no twigs', async () => {
    const { restart, twigsFile, rootsFile, commitment, log } = await stored()
    await rm(twigsFile)
    await rm(rootsFile)
    const { order } = await restart()
    const indexes = Array.from({ length: 64 }, (_, i) => i * 31)
    const proofs = await Promise.all(indexes.map((index) => order.leafProof(index, commitment)))
    proofs.forEach(({ leaf }, i) => {
      const at = (indexes[i] ?? 0) * LEAF
      expect(Buffer.compare(leaf, log.subarray(at, at + LEAF))).toBe(0)
    })
  })

  it('go with their order', async () => {
    const { sectors, twigsFile } = await stored()
    await sectors.service.deleteOrder(1n)
    await expect(readFile(twigsFile)).rejects.toThrow('ENOENT')
  })
})

describe('bit flips on disk prove nothing, and are found by who looks', () => {
  it('anywhere in a small order', async () => {
    const { order, dataFile } = await given()
    const log = seededBytes(4 * LEAF, 17)
    const commitment = await commit(order, A, log)
    // one bit of every 11th byte of all: each leaf, each bit position
    for (let at = 0, bit = 0; at < log.length; at += 11, bit = (bit + 1) % 8) {
      await flip(dataFile, at, bit)
      const leaf = Math.floor(at / LEAF)
      await expect(order.readProven(0, log.length, commitment, true)).rejects.toEqual(code('SECTOR_DAMAGED'))
      await expect(order.leafProof(leaf, commitment)).rejects.toEqual(code('SECTOR_DAMAGED'))
      const { data, siblings, release } = await order.readProven(0, log.length, commitment, false)
      const given = { data: Buffer.from(data), siblings }
      release()
      expect(() => verifyData({ hasher, commitment, depth: order.depth, offset: 0, ...given })).toThrow(
        expect.objectContaining({ code: 'PROOF_INVALID' }),
      )
      await flip(dataFile, at, bit)
    }
    const { data, release } = await order.readProven(0, log.length, commitment, true)
    expect(data.equals(log)).toBe(true)
    release()
  })

  it('in large ones, by scrub, with the exact chunks', async () => {
    const { order, dataFile, sectors } = await given()
    const log = seededBytes(4 * MIB + 9 * LEAF, 18)
    const commitment = await commit(order, A, log)
    for (const at of [0, 3 * MIB + 12345, log.length - 1]) await flip(dataFile, at)
    expect(await sectors.service.scrub(1n)).toEqual({
      orderId: 1n,
      chunks: 5,
      inForce: 5,
      damaged: [0, 3, 4],
    })
    const { data, release } = await order.readProven(MIB, 2 * MIB, commitment, true)
    expect(data.equals(log.subarray(MIB, 3 * MIB))).toBe(true)
    release()
    // a range that only touches the chunk, without the flipped byte, is not served either
    for (const checked of [true, false])
      await expect(order.readProven(3 * MIB, LEAF, commitment, checked)).rejects.toEqual(
        code('SECTOR_DAMAGED'),
      )
    for (const at of [0, 3 * MIB + 12345, log.length - 1]) await flip(dataFile, at)
    expect((await order.scrub()).damaged).toEqual([])
  })

  it('where chunks were swapped', async () => {
    const { order, dataFile } = await given()
    const log = seededBytes(3 * MIB, 19)
    const commitment = await commit(order, A, log)
    const { open } = await import('node:fs/promises')
    const handle = await open(dataFile, 'r+')
    await handle.write(log.subarray(MIB, 2 * MIB), 0, MIB, 0)
    await handle.write(log.subarray(0, MIB), 0, MIB, MIB)
    await handle.close()
    expect((await order.scrub()).damaged).toEqual([0, 1])
    await expect(order.readProven(0, MIB, commitment, true)).rejects.toEqual(code('SECTOR_DAMAGED'))
  })
})

async function flip(path: string, at: number, bit = 0): Promise<void> {
  const { open } = await import('node:fs/promises')
  const handle = await open(path, 'r+')
  try {
    const byte = Buffer.alloc(1)
    await handle.read(byte, 0, 1, at)
    byte[0] = (byte[0] ?? 0) ^ (1 << bit)
    await handle.write(byte, 0, 1, at)
  } finally {
    await handle.close()
  }
}
