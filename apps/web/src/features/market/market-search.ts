/** What the market's URL holds; everything is optional and anything unreadable is as if it were not there. */
export interface MarketSearch {
  /** GiB and weeks that costs are shown for. */
  gib: number
  weeks: number
  /** DMC per GiB-week, as typed. */
  maxPrice: string
  minPledge: number
  sort: SortKey
  down: boolean
  compare: bigint[]
  all: boolean
}

export const SORT_KEYS = ['price', 'free', 'pledge', 'weeks', 'bill'] as const
export type SortKey = (typeof SORT_KEYS)[number]

export const DEFAULT_SEARCH: MarketSearch = {
  gib: 10,
  weeks: 24,
  maxPrice: '',
  minPledge: 0,
  sort: 'price',
  down: false,
  compare: [],
  all: false,
}

/** At most so many bills side by side. */
export const MOST_COMPARED = 4

type Params = Record<string, string | string[] | undefined>

export function readSearch(params: Params): MarketSearch {
  const one = (name: string) => {
    const value = params[name]
    return typeof value === 'string' ? value.slice(0, 80) : ''
  }
  const number = (name: string, fallback: number, most: number) => {
    const value = Number(one(name))
    return one(name) !== '' && Number.isFinite(value) && value > 0 ? Math.min(value, most) : fallback
  }
  return {
    gib: number('gib', DEFAULT_SEARCH.gib, 4_000_000),
    weeks: Math.round(number('weeks', DEFAULT_SEARCH.weeks, 1_040)) || 1,
    maxPrice: /^\d{1,12}(\.\d{1,18})?$/.test(one('max')) ? one('max') : '',
    minPledge: Math.round(number('pledge', 0, 65_535)),
    sort: SORT_KEYS.find((key) => key === one('sort')) ?? DEFAULT_SEARCH.sort,
    down: one('dir') === 'down',
    compare: [
      ...new Set(
        one('compare')
          .split(',')
          .filter((id) => /^\d{1,12}$/.test(id)),
      ),
    ]
      .slice(0, MOST_COMPARED)
      .map(BigInt),
    all: one('all') === '1',
  }
}

/** The URL of the market with these changes; what is as by default is left out. */
export function marketHref(search: MarketSearch, change: Partial<MarketSearch> = {}): string {
  const next = { ...search, ...change }
  const params = new URLSearchParams()
  if (next.gib !== DEFAULT_SEARCH.gib) params.set('gib', String(next.gib))
  if (next.weeks !== DEFAULT_SEARCH.weeks) params.set('weeks', String(next.weeks))
  if (next.maxPrice !== '') params.set('max', next.maxPrice)
  if (next.minPledge > 0) params.set('pledge', String(next.minPledge))
  if (next.sort !== DEFAULT_SEARCH.sort) params.set('sort', next.sort)
  if (next.down) params.set('dir', 'down')
  if (next.compare.length > 0) params.set('compare', next.compare.join(','))
  if (next.all) params.set('all', '1')
  const text = params.toString()
  return text === '' ? '/market' : `/market?${text}`
}
