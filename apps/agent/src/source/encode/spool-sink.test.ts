import { hash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hashChunks } from '@dmc/core/merkle/hash-chunks'
import { createNodeHasher } from '@dmc/core/merkle/node-hasher'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startWorker } from '../../worker/start-worker.ts'
import { rootsFile, SPOOL_SEGMENT, spoolFile, spoolFolder } from '../source-paths.ts'
import { noise, tempFolder } from '../test/make-tree.ts'
import { handOver } from './hand-over.ts'
import { LogWriter } from './log-writer.ts'
import { SpoolMemory } from './spool-memory.ts'

const MIB = 1024 * 1024
const place = { session: 'ab'.repeat(16), volumeId: 'cd'.repeat(16) }
const hasher = createNodeHasher()
let temp: ReturnType<typeof tempFolder>
let ended: Promise<unknown>[] = []
beforeEach(() => {
  temp = tempFolder()
})
afterEach(async () => {
  await Promise.all(ended)
  ended = []
  temp.cleanUp()
})

function open(
  threaded: boolean,
  {
    size = 0,
    tail = null,
    durable = size,
    boundary = new Uint8Array(0),
    base = 0,
    released = () => 0,
  }: {
    size?: number
    tail?: Uint8Array | null
    durable?: number
    boundary?: Uint8Array
    base?: number
    released?: () => number
  } = {},
) {
  const chunks: number[] = []
  const writer = new LogWriter({
    folder: temp.path,
    ...place,
    hasher,
    baseSize: base,
    boundary,
    size,
    durable,
    tail,
    released,
    onChunk: (index) => chunks.push(index),
    ...(threaded
      ? {
          startSpooler: (shared, written) => {
            const port = handOver({ place: { folder: temp.path, ...place }, shared, written, sealing: null })
            const worker = startWorker('spool', port, [port])
            const memory = new SpoolMemory(shared)
            worker.on('error', (error) => memory.fail({ code: 'BUG', message: String(error) }))
            ended.push(new Promise((resolve) => worker.once('exit', resolve)))
          },
        }
      : {}),
  })
  return { writer, chunks }
}

/** All that is spooled, from the segments' files. */
function spooled(size: number): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at < size; at += SPOOL_SEGMENT) {
    parts.push(readFileSync(spoolFile(temp.path, place.session, at / SPOOL_SEGMENT)))
  }
  return Buffer.concat(parts).subarray(0, size)
}

/** In pieces of odd lengths, as blobs are. */
function append(writer: LogWriter, data: Buffer, piece = 700_001): void {
  for (let at = 0; at < data.length; at += piece) writer.append(data.subarray(at, at + piece))
}

describe.each([
  ['in this thread', false],
  ['in a thread of its own', true],
])('the spool, written %s', (_name, threaded) => {
  it('holds every byte and every chunk root, also of what is synced as it grows', () => {
    const data = noise(70 * MIB + 5 * 1024, 'log')
    const { writer, chunks } = open(threaded)
    let least = 0
    for (let at = 0; at < data.length; at += 3_333_333) {
      append(writer, data.subarray(at, at + 3_333_333))
      if (at % 2 === 0) writer.writeSoon()
      else writer.syncSoon()
      expect(writer.written).toBeGreaterThanOrEqual(least)
      expect(writer.durable).toBeLessThanOrEqual(writer.written)
      expect(writer.written).toBeLessThanOrEqual(writer.size)
      least = writer.written
    }
    const roots = writer.finish()
    expect(writer.written).toBe(data.length)
    expect(writer.durable).toBe(data.length)
    writer.close()
    expect(spooled(data.length).equals(data)).toBe(true)
    expect(Buffer.from(roots).equals(hashChunks(hasher, data))).toBe(true)
    expect(Buffer.from(roots).equals(readFileSync(rootsFile(temp.path, place.volumeId)))).toBe(true)
    expect(chunks).toEqual(Array.from({ length: 70 }, (_, index) => index))
  })

  it('is durable as far as it says, and goes on from there', () => {
    const data = noise(40 * MIB, 'resumed')
    const first = open(threaded)
    append(first.writer, data.subarray(0, 30 * MIB + 1234))
    first.writer.sync()
    const durable = first.writer.durable
    expect(durable).toBe(30 * MIB + 1234)
    const tail = first.writer.tailOf(durable)
    append(first.writer, noise(3 * MIB, 'never journalled'))
    first.writer.close()
    const { writer } = open(threaded, { size: durable, tail })
    append(writer, data.subarray(durable))
    const roots = writer.finish()
    writer.close()
    expect(spooled(data.length).equals(data)).toBe(true)
    expect(Buffer.from(roots).equals(hashChunks(hasher, data))).toBe(true)
  })

  it('tells what the started chunk is, and goes on from nothing else', () => {
    const data = noise(26 * MIB, 'tails')
    const first = open(threaded)
    for (const [end, sync] of [
      [3 * MIB + 5, false],
      [4 * MIB, true],
      [20 * MIB + 17, false],
      [22 * MIB + 1024, true],
    ] as const) {
      append(first.writer, data.subarray(first.writer.size, end))
      if (sync) first.writer.syncSoon()
      else first.writer.writeSoon()
      while (first.writer.written < end) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
      const cut = data.subarray(end - (end % MIB), end)
      expect(first.writer.tailOf(end)).toEqual(cut.length > 0 ? hash('sha256', cut, 'buffer') : null)
    }
    const size = first.writer.size
    const tail = first.writer.tailOf(size)
    first.writer.close()
    expect(() => open(threaded, { size, tail: null })).toThrow('ENODATA')
    expect(() => open(threaded, { size, tail: Buffer.alloc(32) })).toThrow('ENODATA')
    const again = open(threaded, { size, tail })
    expect(again.writer.tailOf(size)).toEqual(tail)
    again.writer.close()
    const segment = spoolFile(temp.path, place.session, Math.floor(size / SPOOL_SEGMENT))
    const bytes = readFileSync(segment)
    bytes.fill(0, (size % SPOOL_SEGMENT) - 512)
    writeFileSync(segment, bytes)
    expect(() => open(threaded, { size, tail })).toThrow('ENODATA')
  })

  it('syncs what the miner does not hold, and is written all the same where it does', () => {
    const data = noise(140 * MIB, 'released')
    let held = 0
    const { writer } = open(threaded, { released: () => held })
    append(writer, data.subarray(0, 130 * MIB))
    held = 129 * MIB
    writer.sync()
    expect(writer.durable).toBe(130 * MIB)
    append(writer, data.subarray(130 * MIB))
    const roots = writer.finish()
    writer.close()
    expect(spooled(data.length).equals(data)).toBe(true)
    expect(Buffer.from(roots).equals(hashChunks(hasher, data))).toBe(true)
  })

  it('begins with the bytes of the chunk that the base ends in', () => {
    const data = noise(24 * MIB, 'based')
    const base = 2 * MIB + 7 * 1024
    const { writer } = open(threaded, { base, boundary: data.subarray(2 * MIB, base) })
    append(writer, data.subarray(base))
    const roots = writer.finish()
    writer.close()
    expect(
      spooled(data.length)
        .subarray(2 * MIB)
        .equals(data.subarray(2 * MIB)),
    ).toBe(true)
    expect(
      Buffer.from(roots)
        .subarray(64)
        .equals(hashChunks(hasher, data.subarray(2 * MIB))),
    ).toBe(true)
  })

  it('that can’t be written is told at the next step, whatever it was, and never as durable', () => {
    const { writer } = open(threaded)
    append(writer, noise(20 * MIB, 'good'))
    writer.sync()
    // the next segment can't be made: its name leads into a folder that is gone
    const folder = spoolFolder(temp.path, place.session)
    mkdirSync(join(temp.path, 'gone'))
    symlinkSync(join(temp.path, 'gone', 'file'), join(folder, '00000002'))
    rmSync(join(temp.path, 'gone'), { recursive: true })
    expect(() => {
      append(writer, noise(80 * MIB, 'more'))
      writer.sync()
    }).toThrow(/ENOENT|EEXIST/)
    writer.close()
  })

  it('a sync that failed is never taken for done, though it is the last thing that was asked for', () => {
    for (let round = 0; round < 6; round++) {
      const base = 44 * MIB
      const { writer } = open(threaded, { base })
      append(writer, noise(20 * MIB, `round ${round}`))
      writer.sync()
      expect(writer.durable).toBe(64 * MIB)
      // the next segment is on a disk that takes nothing
      const segment = spoolFile(temp.path, place.session, (64 * MIB) / SPOOL_SEGMENT)
      rmSync(segment, { force: true })
      symlinkSync('/dev/full', segment)
      writer.append(noise(100_000, 'too much'))
      expect(() => writer.sync()).toThrow(expect.objectContaining({ code: 'DISK_FULL' }))
      writer.close()
      rmSync(spoolFolder(temp.path, place.session), { recursive: true, force: true })
    }
  })
})
