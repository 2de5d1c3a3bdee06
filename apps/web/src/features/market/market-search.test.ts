import { describe, expect, it } from 'vitest'
import { DEFAULT_SEARCH, marketHref, readSearch } from './market-search.ts'

describe('the market’s URL', () => {
  it('comes back as it was written', () => {
    const search = {
      ...DEFAULT_SEARCH,
      gib: 38,
      weeks: 12,
      maxPrice: '0.75',
      minPledge: 8,
      sort: 'free' as const,
      down: true,
      compare: [3n, 5n],
    }
    const url = new URL(marketHref(search), 'http://localhost')
    expect(readSearch(Object.fromEntries(url.searchParams))).toEqual(search)
  })

  it('leaves out what is as by default', () => {
    expect(marketHref(DEFAULT_SEARCH)).toBe('/market')
  })

  it('reads nonsense as if it were not there', () => {
    const nonsense = {
      gib: '-3',
      weeks: 'x',
      max: '1e9',
      pledge: '',
      sort: '__proto__',
      compare: '1,two,1,4,5,6,7,8',
    }
    expect(readSearch(nonsense)).toEqual({ ...DEFAULT_SEARCH, compare: [1n, 4n, 5n, 6n] })
    expect(readSearch({ gib: ['1', '2'] })).toEqual(DEFAULT_SEARCH)
  })
})
