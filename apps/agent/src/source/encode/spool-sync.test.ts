import { readlinkSync } from 'node:fs'
import { basename } from 'node:path'
import { createNodeHasher } from '@dmc/core/merkle/node-hasher'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SPOOL_SEGMENT } from '../source-paths.ts'
import { noise, tempFolder } from '../test/make-tree.ts'
import { LogWriter } from './log-writer.ts'
import { SpoolFiles } from './spool-files.ts'
import { SpoolMemory } from './spool-memory.ts'

/** Names of the files that were synced, as the kernel knows the descriptors. */
const synced = vi.hoisted(() => new Set<string>())
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>()
  const noted = (sync: (fd: number) => void) => (fd: number) => {
    synced.add(basename(readlinkSync(`/proc/self/fd/${fd}`)))
    sync(fd)
  }
  return { ...fs, fdatasyncSync: noted(fs.fdatasyncSync), fsyncSync: noted(fs.fsyncSync) }
})

const MIB = 1024 * 1024
const place = { session: 'ab'.repeat(16), volumeId: 'cd'.repeat(16) }
let temp: ReturnType<typeof tempFolder>
beforeEach(() => {
  temp = tempFolder()
  synced.clear()
})
afterEach(() => temp.cleanUp())

const segments = (): number[] =>
  [...synced]
    .filter((name) => /^\d{8}$/.test(name))
    .map(Number)
    .sort()

/** Three segments that were written and not synced, by a hand that is gone. */
function written(): void {
  const files = new SpoolFiles({ folder: temp.path, ...place }, 0)
  for (let index = 0; index < 3; index++) files.write(noise(SPOOL_SEGMENT, index), index * SPOOL_SEGMENT)
  files.close()
  synced.clear()
}

describe.skipIf(process.platform !== 'linux')('what a sync makes durable', () => {
  it.each([
    ['all of it', 0, 0, [0, 1, 2, 3]],
    ['but for what was synced before', SPOOL_SEGMENT + 5, 0, [1, 2, 3]],
    ['but for what the miner holds', 0, 2 * SPOOL_SEGMENT, [2, 3]],
  ])(
    'is also what another thread wrote, or this session before a kill: %s',
    (_name, durable, released, expected) => {
      written()
      const files = new SpoolFiles({ folder: temp.path, ...place }, durable)
      files.write(noise(1000, 3), 3 * SPOOL_SEGMENT)
      files.sync(3 * SPOOL_SEGMENT + 1000, released)
      expect(segments()).toEqual(expected)
      synced.clear()
      files.write(noise(SPOOL_SEGMENT, 4), 3 * SPOOL_SEGMENT + 1000)
      files.sync(4 * SPOOL_SEGMENT + 1000, released)
      expect(segments()).toEqual([3, 4])
      files.close()
    },
  )

  it('a segment that the miner holds and that was given back meanwhile is no loss', () => {
    const files = new SpoolFiles({ folder: temp.path, ...place }, 0)
    files.write(noise(1000, 1), SPOOL_SEGMENT)
    synced.clear()
    files.sync(SPOOL_SEGMENT + 1000, 0)
    expect(segments()).toEqual([1])
    files.close()
  })
})

describe.skipIf(process.platform !== 'linux')('a log that was written and not synced', () => {
  const options = {
    ...place,
    hasher: createNodeHasher(),
    baseSize: 0,
    boundary: new Uint8Array(0),
    released: () => 0,
    onChunk: () => {},
  }
  const log = noise(2 * SPOOL_SEGMENT + 3 * MIB + 77, 'written')

  /** In pieces, as blobs are. */
  const append = (writer: LogWriter, data: Buffer): void => {
    for (let at = 0; at < data.length; at += MIB) writer.append(data.subarray(at, at + MIB))
  }

  it('does not call itself durable after a kill, and its end is synced whole', () => {
    const first = new LogWriter({ ...options, folder: temp.path, size: 0, durable: 0, tail: null })
    append(first, log.subarray(0, log.length - MIB))
    first.writeSoon()
    expect(first.written).toBe(log.length - MIB)
    expect(first.durable).toBe(0)
    const { size } = first
    const tail = first.tailOf(size)
    first.close() // as a kill would
    synced.clear()
    const next = new LogWriter({ ...options, folder: temp.path, size, durable: 0, tail })
    expect(next.written).toBe(size)
    expect(next.durable).toBe(0)
    // nothing new: what is old is synced all the same
    next.sync()
    expect(next.durable).toBe(size)
    expect(segments()).toEqual([0, 1, 2])
    next.close()
  })

  it('does not call itself durable when its thread takes over, which knows what is left to sync', () => {
    const taken: number[] = []
    const writer = new LogWriter({
      ...options,
      folder: temp.path,
      size: 0,
      durable: 0,
      tail: null,
      startSpooler(shared, begin) {
        const memory = new SpoolMemory(shared)
        taken.push(memory.written, memory.durable, begin)
        memory.fail({ code: 'BUG', message: 'no thread in this test' })
      },
    })
    // the thread that is not there is noticed at the next step
    expect(() => append(writer, log)).toThrow('no thread in this test')
    expect(taken[0]).toBeGreaterThanOrEqual(SPOOL_SEGMENT)
    expect(taken[1]).toBe(0)
    expect(taken[2]).toBe(taken[0])
    expect(segments()).toEqual([])
    writer.close()
  })
})
