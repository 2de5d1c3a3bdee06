import { expect, it } from 'vitest'
import { PieceMemory } from './piece-memory.ts'

const MIB = 1024 * 1024

it('memory of a delivery is the next one’s only when it was released, and of the size that is asked for', () => {
  const first = new PieceMemory()
  const taken = [4, 4, 4, 1].map((mib) => first.take(mib * MIB))
  expect(new Set(taken.map(({ buffer }) => buffer)).size).toBe(4)
  const meanwhile = new PieceMemory().take(4 * MIB)
  expect(taken).not.toContain(meanwhile)
  first.release()
  first.release()
  const second = new PieceMemory()
  const again = [4, 4, 4].map((mib) => second.take(mib * MIB))
  expect(new Set(again)).toEqual(new Set(taken.slice(0, 3)))
  // three are kept at most, each lent once
  expect([...taken, ...again]).not.toContain(second.take(4 * MIB))
  expect(second.take(MIB).length).toBe(MIB)
})
