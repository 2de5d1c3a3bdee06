import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addRange, contiguousFrom, type Range, removeRange, withinRange } from './durable-ranges.ts'

const SPAN = 40
const op = fc.record({
  kind: fc.constantFrom('add', 'remove'),
  first: fc.nat(SPAN),
  length: fc.nat(12),
})

describe('durable ranges', () => {
  it('are the set of leaves that a plain set says', () => {
    fc.assert(
      fc.property(fc.array(op, { maxLength: 30 }), fc.nat(SPAN), fc.nat(SPAN), (ops, from, length) => {
        let ranges: readonly Range[] = []
        const model = new Set<number>()
        for (const { kind, first, length: count } of ops) {
          ranges = (kind === 'add' ? addRange : removeRange)(ranges, first, first + count)
          for (let leaf = first; leaf < first + count; leaf++) {
            if (kind === 'add') model.add(leaf)
            else model.delete(leaf)
          }
        }
        const found = ranges.flatMap(([low, high]) => Array.from({ length: high - low }, (_, i) => low + i))
        expect(found).toEqual([...model].sort((a, b) => a - b))
        // sorted, and never two that touch
        for (const [i, [low, high]] of ranges.entries()) {
          expect(low).toBeLessThan(high)
          if (i > 0) expect(ranges[i - 1]?.[1]).toBeLessThan(low)
        }
        let run = 0
        while (run < length && model.has(from + run)) run++
        expect(contiguousFrom(ranges, from, from + length)).toBe(run)
        const inside = withinRange(ranges, from, from + length).reduce(
          (sum, [low, high]) => sum + high - low,
          0,
        )
        expect(inside).toBe([...model].filter((leaf) => leaf >= from && leaf < from + length).length)
      }),
    )
  })
})
