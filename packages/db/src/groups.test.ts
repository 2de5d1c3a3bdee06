import { expect, it } from 'vitest'
import { Groups } from './groups.ts'

const turn = () => new Promise((go) => setTimeout(go, 5))

/** As Prisma hands on what PostgreSQL said. */
const databaseError = (originalCode: string) =>
  Object.assign(new Error(originalCode), { meta: { driverAdapterError: { cause: { originalCode } } } })

it('what comes while a group runs goes together into the next one, in its order', async () => {
  const ran: number[][] = []
  const groups = new Groups<number, number>({
    run: async (items) => {
      ran.push(items)
      await turn()
      return items.map((item) => item * 10)
    },
    most: 3,
  })
  const results = await Promise.all([1, 2, 3, 4, 5, 6].map((item) => groups.add(item)))
  expect(results).toEqual([10, 20, 30, 40, 50, 60])
  expect(ran).toEqual([[1], [2, 3, 4], [5, 6]])
})

it('nobody is answered before its own group is committed', async () => {
  let committed = 0
  const groups = new Groups<number, number>({
    run: async (items) => {
      await turn()
      committed += items.length
      return items
    },
    most: 2,
  })
  const seen: number[] = []
  await Promise.all([1, 2, 3, 4, 5].map((item) => groups.add(item).then(() => seen.push(committed - item))))
  // when the nth is answered, at least n are committed
  expect(seen.every((spare) => spare >= 0)).toBe(true)
})

it('two of one key are never in one group, and the older one comes first', async () => {
  const ran: string[][] = []
  const groups = new Groups<string, null>({
    run: async (items) => {
      ran.push(items)
      await turn()
      return items.map(() => null)
    },
    key: (item) => item.slice(0, 1),
    most: 10,
  })
  await Promise.all(['x', 'a1', 'a2', 'b1', 'a3'].map((item) => groups.add(item)))
  expect(ran).toEqual([['x'], ['a1', 'b1'], ['a2'], ['a3']])
})

it('one item that the database can’t take fails alone, wherever it stands', async () => {
  for (let bad = 0; bad < 9; bad++) {
    const kept: number[] = []
    const groups = new Groups<number, number>({
      run: async (items) => {
        await turn()
        if (items.includes(bad)) throw databaseError('22P02')
        kept.push(...items)
        return items
      },
      most: 100,
    })
    const results = await Promise.allSettled(Array.from({ length: 9 }, (_, i) => groups.add(i)))
    expect(results.map(({ status }) => status === 'fulfilled')).toEqual(results.map((_, i) => i !== bad))
    expect(kept.sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8].filter((i) => i !== bad))
  }
})

it('a database in trouble is asked once for the whole group; the next group is tried again', async () => {
  let away = true
  let asked = 0
  const groups = new Groups<number, number>({
    run: async (items) => {
      asked++
      await turn()
      if (away) throw databaseError('57P01')
      return items
    },
    most: 100,
  })
  const results = await Promise.allSettled([1, 2, 3, 4].map((item) => groups.add(item)))
  expect(results.every(({ status }) => status === 'rejected')).toBe(true)
  expect(asked).toBe(2)
  away = false
  expect(await groups.add(5)).toBe(5)
})

it('a deadlock is tried again, and not for ever', async () => {
  let left = 2
  let asked = 0
  const groups = new Groups<number, number>({
    run: async (items) => {
      asked++
      if (left-- > 0) throw databaseError('40P01')
      return items
    },
    most: 1,
  })
  expect(await groups.add(1)).toBe(1)
  left = 100
  asked = 0
  await expect(groups.add(2)).rejects.toThrow('40P01')
  expect(asked).toBe(3)
})

it('under load groups start only so often; after a quiet time the first one goes at once', async () => {
  const sizes: number[] = []
  const groups = new Groups<number, number>({
    run: async (items) => {
      sizes.push(items.length)
      return items
    },
    most: 100,
    everyMs: 200,
  })
  const at = performance.now()
  await groups.add(0)
  expect(performance.now() - at).toBeLessThan(150)
  for (let i = 0; i < 5; i++) {
    void groups.add(i)
    await turn()
  }
  await groups.add(6)
  expect(sizes).toEqual([1, 6])
})
