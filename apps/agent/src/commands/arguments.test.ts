import { DmcError } from '@dmc/core/errors/dmc-error'
import { describe, expect, it } from 'vitest'
import { parseAddress, parseChoice, parseCount, parseId, parseWeekRange, parseWeeks } from './arguments.ts'
import { parseTerms } from './terms.ts'

function thrown(work: () => unknown): DmcError {
  try {
    work()
  } catch (error) {
    if (DmcError.is(error)) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

const ADDRESS = '0x5FbDB2315678afecb367f032d93F642f64180aa3'

describe('arguments', () => {
  it('read what people write', () => {
    expect(parseId('12', 'a bill')).toBe(12n)
    expect(parseId('18446744073709551615', 'a bill')).toBe(2n ** 64n - 1n)
    expect(parseCount('0', 'a count')).toBe(0)
    expect([parseWeeks('24'), parseWeeks('24w'), parseWeeks('24W')]).toEqual([24, 24, 24])
    expect(parseWeekRange('4-52')).toEqual({ minWeeks: 4, maxWeeks: 52 })
    expect(parseWeekRange('8')).toEqual({ minWeeks: 8, maxWeeks: 8 })
    expect(parseAddress(ADDRESS)).toBe(ADDRESS)
    expect(parseChoice('b', 'a letter', ['a', 'b'])).toBe('b')
  })

  it.each([
    [() => parseId('-1', 'a bill')],
    [() => parseId('seven', 'a bill')],
    [() => parseId('0x1', 'a bill')],
    [() => parseId('1'.repeat(21), 'a bill')],
    [() => parseCount('', 'a count')],
    [() => parseCount('1.5', 'a count')],
    [() => parseCount('65536', 'a count')],
    [() => parseWeeks('0')],
    [() => parseWeeks('w')],
    [() => parseWeekRange('52-4')],
    [() => parseWeekRange('1-2-3')],
    [() => parseWeekRange('-4')],
    [() => parseAddress('0x12')],
    [() => parseAddress(ADDRESS.slice(2))],
    [() => parseChoice('c', 'a letter', ['a', 'b'])],
    [() => parseChoice('toString', 'a letter', ['a', 'b'])],
  ])('%s is USAGE with what is possible', (work) => {
    const error = thrown(work)
    expect(error.code).toBe('USAGE')
    expect(error.exitCode).toBe(64)
    expect(error.hint).not.toBe('')
  })
})

describe('parseTerms', () => {
  it('holds only what was given', () => {
    expect(parseTerms({})).toEqual({})
    expect(
      parseTerms({
        weeks: '24',
        maxPrice: '0.5',
        minPledgeRate: '4',
        maxBond: '1',
        challenges: '3',
        capacity: '1GiB',
      }),
    ).toEqual({
      weeks: 24,
      maxPrice: 5n * 10n ** 17n,
      minPledgeRate: 4,
      maxBond: 10n ** 18n,
      challenges: 3,
      capacity: 1n << 30n,
    })
  })

  it('refuses each on its own', () => {
    expect(thrown(() => parseTerms({ maxPrice: 'cheap' })).code).toBe('BAD_AMOUNT')
    expect(thrown(() => parseTerms({ capacity: 'big' })).code).toBe('BAD_SIZE')
    expect(thrown(() => parseTerms({ weeks: 'soon' })).code).toBe('USAGE')
  })
})
