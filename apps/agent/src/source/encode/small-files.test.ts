import { decodeCbor } from '@dmc/core/log/cbor'
import { CUT_MIN, gearTable } from '@dmc/core/log/chunker'
import { contentRefFromCbor } from '@dmc/core/log/locator'
import { nodeLogCrypto as crypto } from '@dmc/core/log/node-log-crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { noise } from '../test/make-tree.ts'
import { CutRoom } from './cut-room.ts'
import { HOLE_BLOCK, HoleFinder } from './find-holes.ts'
import type { TodoRow } from './manifest.ts'
import { type KeptContent, SmallFiles } from './small-files.ts'

const gear = gearTable(crypto, new Uint8Array(32))
const hashKey = new Uint8Array(32).fill(3)

/** Keeps chunks and rows in memory; `before`: what the last snapshot has, by the hash's hex. */
function setUp(before = new Map<string, Uint8Array>()) {
  const chunks: Buffer[] = []
  const kept = new Map<TodoRow, KeptContent>()
  let reused = 0
  const files = new SmallFiles({
    crypto,
    hashKey,
    find: (hash) => before.get(Buffer.from(hash).toString('hex')),
    chunks: {
      rooms: () => CutRoom.own(gear),
      store(cuts, _room, target) {
        for (const cut of cuts) {
          chunks.push(Buffer.from(cut.chunk))
          const place = { blobId: new Uint8Array(32), volumeId: new Uint8Array(16), stored: 100 }
          target.stored({ ...cut, locator: { ...place, offset: chunks.length - 1 } })
        }
      },
      after: (done) => done(),
      drain() {},
    },
    keep: (row, content) => {
      expect(kept.has(row), 'a row is kept once').toBe(false)
      kept.set(row, content)
    },
    onReused: (bytes) => {
      reused += bytes
    },
  })
  return {
    files,
    kept,
    chunks,
    reused: () => reused,
    put(bytes: Buffer, sparse = false): TodoRow {
      const row = {} as TodoRow
      bytes.copy(files.space(bytes.length + 1))
      files.add(row, bytes.length, sparse ? new HoleFinder() : null)
      return row
    },
    /** The bytes that a row's content ref says, its holes filled. */
    bytesOf(row: TodoRow, size: number): Buffer {
      const { ref, holes } = kept.get(row) as KeptContent
      const run = ref ? contentRefFromCbor(decodeCbor(ref, 'a ref')).run : []
      const data = Buffer.concat(
        run.map(({ offset, start, length }) => (chunks[offset] as Buffer).subarray(start, start + length)),
      )
      const whole = Buffer.alloc(size)
      const gaps: number[] = holes ? JSON.parse(holes) : []
      let from = 0
      let at = 0
      for (let i = 0; i <= gaps.length; i += 2) {
        const to = gaps[i] ?? size
        from += data.copy(whole, at, from, from + to - at)
        at = to + (gaps[i + 1] ?? 0)
      }
      expect(from).toBe(data.length)
      return whole
    },
  }
}

const hashOf = (bytes: Uint8Array) => crypto.hmac(hashKey, Uint8Array.of(0), bytes)

describe('small files', () => {
  it('each come back as they were, with the hash that one alone would have', () => {
    const size = fc.oneof(fc.nat(200), fc.nat(20_000), fc.nat(CUT_MIN - 1))
    const file = fc.record({ size, seed: fc.nat(40), sparse: fc.boolean(), torn: fc.boolean() })
    fc.assert(
      fc.property(fc.array(file, { maxLength: 150 }), (list) => {
        const { files, put, bytesOf, kept } = setUp()
        const rows = list.map(({ size, seed, sparse, torn }) => {
          const bytes = noise(size, seed)
          if (sparse) bytes.subarray(HOLE_BLOCK, 3 * HOLE_BLOCK).fill(0)
          // read once in vain: it changed meanwhile
          if (torn) files.space(size + 1).fill(1, 0, size)
          return { bytes, row: put(bytes, sparse) }
        })
        files.flush()
        for (const { bytes, row } of rows) {
          expect(bytesOf(row, bytes.length).equals(bytes)).toBe(true)
          const { hash, holes } = kept.get(row) as KeptContent
          if (hash) expect(Buffer.from(hash).equals(hashOf(bytes))).toBe(true)
          else expect(bytes.length === 0 || holes !== null).toBe(true)
        }
      }),
      { numRuns: 40 },
    )
  }, 60_000)

  it('with the same bytes are stored once, however near they are to each other', () => {
    const { files, put, bytesOf, chunks, reused } = setUp()
    const contents = [noise(5000, 1), noise(70_000, 2), noise(1, 3)]
    const rows = Array.from({ length: 200 }, (_, i) => {
      const bytes = contents[(i * i) % 3] as Buffer
      return { bytes, row: put(bytes) }
    })
    const last = noise(3000, 4)
    rows.push({ bytes: last, row: put(last) })
    files.flush()
    for (const { bytes, row } of rows) expect(bytesOf(row, bytes.length).equals(bytes)).toBe(true)
    const total = rows.reduce((sum, { bytes }) => sum + bytes.length, 0)
    // (i * i) % 3 is never 2
    expect(
      Buffer.concat(chunks).equals(Buffer.concat([contents[0] as Buffer, contents[1] as Buffer, last])),
    ).toBe(true)
    expect(reused()).toBe(total - 5000 - 70_000 - 3000)
  })

  it('of the last snapshot do not enter the stream, and what comes behind them does', () => {
    const known = noise(9000, 7)
    const before = new Map([[Buffer.from(hashOf(known)).toString('hex'), Uint8Array.of(1, 2, 3)]])
    const { files, put, kept, bytesOf, chunks } = setUp(before)
    const first = put(noise(100, 8))
    const again = put(known)
    const behind = put(noise(200, 9))
    files.flush()
    expect(kept.get(again)?.ref).toEqual(Uint8Array.of(1, 2, 3))
    expect(bytesOf(first, 100).equals(noise(100, 8))).toBe(true)
    expect(bytesOf(behind, 200).equals(noise(200, 9))).toBe(true)
    expect(chunks.map(({ length }) => length)).toEqual([300])
  })

  it('by thousands end the stream in between', () => {
    const { files, put, bytesOf, chunks } = setUp()
    const rows = Array.from({ length: 5000 }, (_, i) => put(Buffer.from(`file ${i}`)))
    files.flush()
    expect(chunks).toHaveLength(2)
    for (const [i, row] of rows.entries()) {
      const text = `file ${i}`
      expect(bytesOf(row, text.length).toString()).toBe(text)
    }
  })
})
