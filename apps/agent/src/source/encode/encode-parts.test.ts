import { randomBytes, randomFillSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BlobType } from '@dmc/core/log/blob'
import { cborItemLength, decodeCbor } from '@dmc/core/log/cbor'
import { findCut, gearTable } from '@dmc/core/log/chunker'
import { type ContentRef, type Slice, sliceFromCbor } from '@dmc/core/log/locator'
import { nodeLogCrypto as crypto } from '@dmc/core/log/node-log-crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BlobStore } from './blob-store.ts'
import { Control } from './control.ts'
import { BEHIND, CutRoom } from './cut-room.ts'
import { Cutter } from './cutter.ts'
import { HOLE_BLOCK, HoleFinder } from './find-holes.ts'
import { openLogDb } from './log-db.ts'
import { ProbeKeeper } from './probes.ts'
import { RefBuilder } from './ref-builder.ts'

describe('the cutter', () => {
  const gear = gearTable(crypto, new Uint8Array(32))

  it('cuts a stream where it is cut when it is there as a whole, whatever pieces it comes in', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: BEHIND }), { maxLength: 48 }), (sizes) => {
        const chunks: { at: number; bytes: Buffer }[] = []
        const cutter = new Cutter(CutRoom.own(gear), (cuts) => {
          for (const { chunk, at } of cuts) chunks.push({ at, bytes: Buffer.from(chunk) })
        })
        const all: Buffer[] = []
        for (const size of sizes) {
          const space = cutter.space(size).subarray(0, size)
          randomFillSync(space)
          all.push(Buffer.from(space))
          cutter.commit(size)
        }
        cutter.flush()
        const stream = Buffer.concat(all)
        expect(Buffer.concat(chunks.map(({ bytes }) => bytes)).equals(stream)).toBe(true)
        let end = 0
        for (const { at, bytes } of chunks) {
          expect(at).toBe(end)
          end = findCut(gear, stream, at, stream.length)
          expect(bytes.length).toBe(end - at)
        }
      }),
      { numRuns: 8 },
    )
  })

  it('a place at the very end of what is there is cut once it is known to be one', () => {
    const stream = randomBytes(24 * 1024 * 1024)
    const ends: number[] = []
    for (let at = 0; at < stream.length; ends.push(at)) at = findCut(gear, stream, at, stream.length)
    const found: number[] = []
    const cutter = new Cutter(CutRoom.own(gear), (cuts) => {
      for (const { chunk, at } of cuts) found.push(at + chunk.length)
    })
    for (let at = 0; at < stream.length; ) {
      // each cut is the end of a piece
      const cut = ends.find((place) => place > at) as number
      const end = Math.min(cut, at + BEHIND)
      stream.copy(cutter.space(end - at), 0, at, end)
      cutter.commit(end - at)
      at = end
    }
    cutter.flush()
    expect(found).toEqual(ends)
  })

  it('what was not committed, and what was reset, never enters', () => {
    const chunks: string[] = []
    const cutter = new Cutter(CutRoom.own(gear), (cuts) => {
      for (const { chunk } of cuts) chunks.push(chunk.toString())
    })
    cutter.space(5).write('never')
    cutter.space(3).write('yes')
    cutter.commit(3)
    cutter.flush()
    cutter.space(4).write('gone')
    cutter.commit(4)
    cutter.reset()
    cutter.space(2).write('ok')
    cutter.commit(2)
    cutter.flush()
    expect(chunks).toEqual(['yes', 'ok'])
  })
})

describe('a content ref', () => {
  /** Keeps blobs in memory. */
  class Shelf {
    readonly blobs: Uint8Array[] = []
    store(_type: BlobType, body: Uint8Array) {
      this.blobs.push(body)
      const blobId = new Uint8Array(32)
      return { blobId, volumeId: new Uint8Array(16), offset: this.blobs.length - 1, stored: 100 }
    }
    *slices(ref: ContentRef): Generator<Slice> {
      if (ref.level === 0) return yield* ref.run
      for (const slice of this.slices({ level: ref.level - 1, run: ref.run })) {
        const body =
          this.blobs[slice.offset]?.subarray(slice.start, slice.start + slice.length) ?? new Uint8Array(0)
        for (let at = 0; at < body.length; ) {
          const length = cborItemLength(body, at)
          yield sliceFromCbor(decodeCbor(body.subarray(at, at + length), 'x'))
          at += length
        }
      }
    }
  }

  for (const [count, level] of [
    [0, 0],
    [1, 0],
    [64, 0],
    [65, 1],
    [4000, 1],
    [5000, 2],
    [300_000, 3],
  ] as const) {
    it(`of ${count} slices has ${level} levels and gives them back`, () => {
      const shelf = new Shelf()
      const builder = new RefBuilder(shelf as unknown as BlobStore, 4096)
      const place = { blobId: new Uint8Array(32).fill(1), volumeId: new Uint8Array(16), stored: 1000 }
      for (let i = 0; i < count; i++) builder.add({ ...place, offset: i, start: 0, length: 7 })
      const ref = builder.finish()
      expect(ref.level).toBe(level)
      expect(ref.run.length).toBeLessThanOrEqual(64)
      let next = 0
      for (const slice of shelf.slices(ref)) if (slice.offset === next) next++
      expect(next).toBe(count)
      for (const blob of shelf.blobs) expect(blob.length).toBeLessThanOrEqual(4096 + 100)
    })
  }

  it('neighbours in one blob become one slice', () => {
    const builder = new RefBuilder(new Shelf() as unknown as BlobStore)
    const place = { blobId: new Uint8Array(32), volumeId: new Uint8Array(16), offset: 5, stored: 1000 }
    builder.add({ ...place, start: 10, length: 5 })
    builder.add({ ...place, start: 15, length: 6 })
    builder.add({ ...place, start: 30, length: 1 })
    expect(builder.finish().run.map(({ start, length }) => [start, length])).toEqual([
      [10, 11],
      [30, 1],
    ])
  })
})

describe('holes', () => {
  it('and data give the file again; holes are aligned and do not touch', () => {
    const block = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 255 }))
    fc.assert(
      fc.property(fc.array(block, { maxLength: 60 }), fc.nat(HOLE_BLOCK), (blocks, tail) => {
        const file = Buffer.concat(blocks.map((value) => Buffer.alloc(HOLE_BLOCK, value)))
        const whole = Buffer.concat([file, Buffer.alloc(tail, 0)])
        const finder = new HoleFinder()
        const data: Buffer[] = []
        const piece = 16 * HOLE_BLOCK
        for (let at = 0; at < whole.length; at += piece) {
          const part = whole.subarray(at, at + piece)
          for (const { at: from, end } of finder.dataIn(part, at)) data.push(part.subarray(from, end))
        }
        const holes = finder.finish()
        const parts: Buffer[] = []
        const rest = Buffer.concat(data)
        let taken = 0
        let position = 0
        for (let i = 0; i < holes.length; i += 2) {
          const [offset = 0, length = 0] = holes.slice(i, i + 2)
          expect(offset % HOLE_BLOCK).toBe(0)
          if (i > 0) expect(offset).toBeGreaterThan(position)
          parts.push(rest.subarray(taken, taken + offset - position), Buffer.alloc(length))
          taken += offset - position
          position = offset + length
        }
        parts.push(rest.subarray(taken))
        expect(Buffer.concat(parts).equals(whole)).toBe(true)
        for (const part of data) expect(part.some((byte) => byte !== 0)).toBe(true)
      }),
    )
  })

  it('are bounded in number, whatever the file', () => {
    const finder = new HoleFinder()
    const data = Buffer.alloc(8 * HOLE_BLOCK)
    for (let block = 1; block < 8; block += 2) data[block * HOLE_BLOCK] = 1
    let kept = 0
    for (let i = 0; i < 4000; i++) {
      for (const { at, end } of finder.dataIn(data, i * data.length)) kept += end - at
    }
    const holes = finder.finish()
    expect(holes.length / 2).toBeLessThanOrEqual(8192)
    const inHoles = holes.reduce((sum, value, i) => (i % 2 === 1 ? sum + value : sum), 0)
    expect(kept + inHoles).toBe(4000 * data.length)
  })
})

describe('the control memory', () => {
  it('carries stop and release between threads, and wakes a sleeper', () => {
    const mine = new Control()
    const theirs = new Control(mine.memory)
    expect(theirs.released).toBe(0)
    mine.release(5_000_000_000)
    mine.release(4)
    expect(theirs.released).toBe(5_000_000_000)
    expect(theirs.stopped).toBe(false)
    mine.stop()
    expect(theirs.stopped).toBe(true)
    const started = performance.now()
    theirs.sleep(5000)
    expect(performance.now() - started).toBeLessThan(4500)
  })
})

describe('probes', () => {
  it('are an even sample of the chunks of a session', () => {
    const folder = mkdtempSync(join(tmpdir(), 'dmc-probes-'))
    try {
      const db = openLogDb(join(folder, 'log.db'))
      db.exec(
        "INSERT INTO volume (n, id, number, key_epoch, max_size, chain_id, market, orders) VALUES (1, x'00', 0, 0, 0, 0, x'00', '[]')",
      )
      const counts = new Map<number, number>()
      db.exec('BEGIN')
      for (let round = 0; round < 60; round++) {
        const options = { most: 10, volume: 1, generation: round, baseSize: 1024, resumedAt: 1024 }
        const keeper = new ProbeKeeper(db, crypto, options)
        const chunk = new Uint8Array(1024)
        for (let index = 0; index < 41; index++) keeper.onChunk(index, chunk)
        const rows = db.prepare('SELECT offset FROM probe WHERE gen = ?').all(round)
        expect(rows).toHaveLength(10)
        for (const { offset } of rows) counts.set(Number(offset), (counts.get(Number(offset)) ?? 0) + 1)
      }
      db.close()
      expect(counts.has(0), 'the base’s own chunk').toBe(false)
      expect(counts.size).toBe(40)
      // 600 picks over 40 chunks: 15 each, give or take
      for (const count of counts.values()) expect(Math.abs(count - 15)).toBeLessThan(14)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
