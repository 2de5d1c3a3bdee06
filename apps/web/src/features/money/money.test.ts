import { expect, it } from 'vitest'
import { csvOf } from './csv.ts'
import { periodsOf, periodText, sumOf } from './periods.ts'

const at = (text: string) => Date.parse(`${text}T00:00:00Z`) / 1000
const row = (from: string, kind: string, amount: bigint) => ({ from: BigInt(at(from)), kind, amount })

it('months without a payment are there with nothing, and the newest are kept', () => {
  const rows = [
    row('2025-11-01', 'escrow', 5n),
    row('2026-01-01', 'escrow', 7n),
    row('2026-01-01', 'reserve', 2n),
  ]
  const periods = periodsOf(rows, { by: 'month', now: at('2026-02-10'), most: 12 })
  expect(periods.map(({ from }) => periodText(from, 'month'))).toEqual([
    'Nov 2025',
    'Dec 2025',
    'Jan 2026',
    'Feb 2026',
  ])
  expect(periods.map((period) => sumOf(period, ['escrow', 'reserve']))).toEqual([5n, 0n, 9n, 0n])
  expect(periodsOf(rows, { by: 'month', now: at('2026-02-10'), most: 2 })).toHaveLength(2)
  expect(periodsOf([], { by: 'week', now: at('2026-02-10'), most: 2 })).toEqual([])
})

it('weeks are named by their Monday', () => {
  const periods = periodsOf([row('2026-11-16', 'earned', 1n)], { by: 'week', now: at('2026-11-28'), most: 9 })
  expect(periods.map(({ from }) => periodText(from, 'week'))).toEqual(['16 Nov 2026', '23 Nov 2026'])
})

it('CSV keeps amounts whole, quotes what must be, and holds no formula', () => {
  expect(
    csvOf(
      ['a', 'b'],
      [
        [10n ** 30n, 'x'],
        ['say "hi", you', '=HYPERLINK("http://evil")'],
      ],
    ),
  ).toBe('a,b\r\n1000000000000000000000000000000,x\r\n"say ""hi"", you","\'=HYPERLINK(""http://evil"")"\r\n')
})
