import { constants } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { FolderMarks, KnownEntries } from './folder-marks.ts'

const { S_IFDIR, S_IFLNK, S_IFREG } = constants

/** Words of an entry, as different from each other as those of two files of one folder. */
const entry = (n: number, length = 28): Int32Array =>
  Int32Array.from({ length }, (_, i) => (i === 0 ? 14 | (9 << 16) : i === 10 ? n : i * 7))
const marksOf = (...entries: Int32Array[]): Uint8Array => {
  const marks = new FolderMarks()
  for (const words of entries) marks.add(words, 0, words.length)
  const kept = marks.finish()
  if (!kept) throw new Error('there are none')
  return kept
}

describe('marks of a folder', () => {
  it('know each entry that they were made of, wherever it lies now', () => {
    const entries = Array.from({ length: 500 }, (_, n) => entry(n))
    const known = new KnownEntries(marksOf(...entries))
    for (const words of entries.reverse()) {
      const room = new Int32Array(100).fill(-1)
      room.set(words, 37)
      expect(known.has(room, 37, 37 + words.length)).toBe(true)
    }
    expect(known.has(entry(500), 0, 28)).toBe(false)
  })

  it('do not know one of which any single bit differs, nor one that is longer or shorter', () => {
    const words = entry(1)
    const known = new KnownEntries(marksOf(words))
    for (let bit = 0; bit < words.length * 32; bit++) {
      const other = words.slice()
      other[bit >> 5] = (other[bit >> 5] as number) ^ (1 << (bit & 31))
      expect(known.has(other, 0, other.length), `bit ${bit}`).toBe(false)
    }
    expect(known.has(Int32Array.of(...words, 0), 0, words.length + 1)).toBe(false)
    expect(known.has(words, 0, words.length - 1)).toBe(false)
  })

  it('differ in both halves, each of them in half of its bits, when one bit differs', () => {
    const words = entry(1)
    const [first, second] = new Int32Array(marksOf(words).buffer)
    const differing = [0, 0]
    const bits = words.length * 32
    for (let bit = 0; bit < bits; bit++) {
      const other = words.slice()
      other[bit >> 5] = (other[bit >> 5] as number) ^ (1 << (bit & 31))
      const [a, b] = new Int32Array(marksOf(other).buffer)
      for (const [half, change] of [
        [0, (a as number) ^ (first as number)],
        [1, (b as number) ^ (second as number)],
      ] as const)
        differing[half] = (differing[half] as number) + popCount(change)
    }
    for (const sum of differing) {
      expect(sum / bits).toBeGreaterThan(14)
      expect(sum / bits).toBeLessThan(18)
    }
  })

  it('whose halves are those of other marks know nothing', () => {
    const [a, b] = [marksOf(entry(1)), marksOf(entry(2))]
    const mixed = Uint8Array.of(...a.subarray(0, 4), ...b.subarray(4))
    const known = new KnownEntries(mixed)
    expect([known.has(entry(1), 0, 28), known.has(entry(2), 0, 28)]).toEqual([false, false])
  })

  it('of which two begin alike know neither of them, in whatever order', () => {
    const a = marksOf(entry(1))
    const like = a.slice()
    like[4] = (like[4] as number) ^ 1
    for (const kept of [
      [a, like],
      [like, a],
      [a, a, a],
    ]) {
      const known = new KnownEntries(Buffer.concat([...kept, marksOf(entry(3))]))
      expect([known.has(entry(1), 0, 28), known.has(entry(3), 0, 28)]).toEqual([false, true])
    }
  })

  it('of a very large folder are none, nor of one that was not read so', () => {
    const marks = new FolderMarks()
    for (let n = 0; n < 65_536; n++) marks.add(entry(n), 0, 28)
    expect(marks.finish()?.length).toBe(65_536 * 8)
    marks.add(entry(-1), 0, 28)
    expect(marks.finish()).toBeNull()
    const spoilt = new FolderMarks()
    spoilt.spoil()
    expect(spoilt.finish()).toBeNull()
  })
})

it('what is known is counted by its kind', () => {
  const known = new KnownEntries(new Uint8Array(0))
  known.count(S_IFREG, 2 ** 40, 2 ** 32 - 1, 5)
  known.count(S_IFREG, 1, 1, 6)
  known.count(S_IFDIR, 4096, 2, 7)
  known.count(S_IFLNK, 11, 3, 8)
  const { files, folders, links, entries, bytes, nameBytes, targetBytes, inodes } = known
  expect([files, folders, links, entries]).toEqual([2, 1, 1, 4])
  expect([bytes, nameBytes, targetBytes, inodes]).toEqual([2 ** 40 + 1, 26, 11, 2 ** 32 + 5])
})

function popCount(bits: number): number {
  let count = 0
  for (let rest = bits >>> 0; rest !== 0; rest >>>= 1) count += rest & 1
  return count
}
