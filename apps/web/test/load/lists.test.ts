import { expect, it } from 'vitest'
import { measureLists } from '../support/list-times.ts'

it('every list over 10,000 orders and 100,000 journal rows is there within a tenth of a second', async () => {
  const times = await measureLists({ orders: 10_000, journal: 100_000 })
  console.log(
    times
      .map(({ name, median, p95 }) => `${name}: ${median.toFixed(1)}, p95 ${p95.toFixed(1)} ms`)
      .join('\n'),
  )
  expect(times.length).toBeGreaterThan(10)
  for (const { name, p95 } of times) expect(p95, name).toBeLessThanOrEqual(100)
})
