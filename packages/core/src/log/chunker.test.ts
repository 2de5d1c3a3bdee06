import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CUT_AVERAGE, CUT_MAX, CUT_MIN, findCut, gearTable } from './chunker.ts'
import { CutFinder } from './cut-finder.ts'
import { nodeLogCrypto as crypto } from './node-log-crypto.ts'

/** Bytes that look random and are the same everywhere. */
function pseudoRandom(length: number, seed: number): Uint8Array {
  const out = new Uint8Array(length)
  for (let at = 0, i = 0; at < length; at += 32, i++) {
    const block = createHash('sha256').update(`${seed}:${i}`).digest()
    out.set(block.subarray(0, Math.min(32, length - at)), at)
  }
  return out
}

function cuts(gear: Int32Array, data: Uint8Array): number[] {
  const ends: number[] = []
  for (let at = 0; at < data.length; ) {
    at = findCut(gear, data, at, data.length)
    ends.push(at)
  }
  return ends
}

describe('cutting by content', () => {
  const gear = gearTable(crypto, new Uint8Array(32).fill(3))
  const data = pseudoRandom(24 * 1024 * 1024, 1)

  it('keeps every chunk between the minimum and the maximum, near the average', () => {
    const ends = cuts(gear, data)
    const sizes = ends.map((end, i) => end - (ends[i - 1] ?? 0))
    for (const size of sizes.slice(0, -1)) {
      expect(size).toBeGreaterThan(CUT_MIN)
      expect(size).toBeLessThanOrEqual(CUT_MAX)
    }
    const average = data.length / sizes.length
    expect(average).toBeGreaterThan(0.6 * 1024 * 1024)
    expect(average).toBeLessThan(1.6 * 1024 * 1024)
    expect(ends.at(-1)).toBe(data.length)
  })

  it('cuts zeros and short data at the limits', () => {
    expect(findCut(gear, new Uint8Array(CUT_MAX + 5), 0, CUT_MAX + 5)).toBe(CUT_MAX)
    expect(findCut(gear, data, 10, 10 + CUT_MIN)).toBe(10 + CUT_MIN)
    expect(findCut(gear, data, 10, 11)).toBe(11)
  })

  it('an insertion changes only the cuts near it', () => {
    const at = 5 * 1024 * 1024
    const changed = new Uint8Array(data.length + 100)
    changed.set(data.subarray(0, at))
    changed.fill(7, at, at + 100)
    changed.set(data.subarray(at), at + 100)
    const before = new Set(cuts(gear, data))
    const after = cuts(gear, changed)
    const kept = after.filter((end) => before.has(end <= at ? end : end - 100))
    expect(after.length - kept.length).toBeLessThanOrEqual(3)
  })

  it('depends on the key, and on nothing else', () => {
    const other = gearTable(crypto, new Uint8Array(32).fill(4))
    expect(cuts(other, data)).not.toEqual(cuts(gear, data))
    expect(cuts(gearTable(crypto, new Uint8Array(32).fill(3)), data)).toEqual(cuts(gear, data))
    expect(gear[0]).toBe(
      Buffer.from(crypto.hmac(new Uint8Array(32).fill(3), Uint8Array.of(0))).readInt32BE(0),
    )
  })

  it('the fast finder cuts at the same places', () => {
    const finder = new CutFinder(gear, data.length)
    finder.data.set(data)
    for (let at = 0; at < data.length; ) {
      const end = findCut(gear, data, at, data.length)
      expect(finder.find(at, data.length)).toBe(end)
      at = end
    }
    // every end, also one that falls on a cut, on the average or next to it
    const cut = findCut(gear, data, 0, data.length)
    const ends = [
      0,
      1,
      CUT_MIN,
      CUT_MIN + 1,
      cut - 1,
      cut,
      cut + 1,
      CUT_AVERAGE - 1,
      CUT_AVERAGE,
      CUT_AVERAGE + 1,
      CUT_MAX,
    ]
    for (const end of ends) expect(finder.find(0, end), `end ${end}`).toBe(findCut(gear, data, 0, end))
    // bytes are taken by fours: a cut at each place among them, and an end at each
    for (let start = 0; start < 8; start++)
      for (let end = cut - 5; end <= cut + 5; end++)
        expect(finder.find(start, end), `${start} to ${end}`).toBe(findCut(gear, data, start, end))
    fc.assert(
      fc.property(fc.nat(data.length), fc.nat(CUT_MAX + 10), (start, length) => {
        const end = Math.min(data.length, start + length)
        expect(finder.find(start, end)).toBe(findCut(gear, data, start, end))
      }),
    )
    finder.data.fill(0)
    expect(finder.find(0, data.length)).toBe(findCut(gear, finder.data, 0, data.length))
  })
})
