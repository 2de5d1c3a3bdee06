import { DEFAULT_PARAMETERS } from '@dmc/core/market/parameters'
import { expect, it } from 'vitest'
import { actsOf } from './acts-of.ts'

const [USER, MINER, OTHER] = ['0x11', '0x22', '0x33'].map((end) => `0x${end.slice(2).repeat(20)}` as const)
const WEEK = DEFAULT_PARAMETERS.week
const START = 1_800_000_000n
const order = {
  user: USER as `0x${string}`,
  miner: MINER as `0x${string}`,
  state: 'active' as const,
  createdAt: START,
  endsAt: START + 10n * WEEK,
  noticeEndsAt: 0n,
  challenge: null,
  claimable: 0n,
  commitment: { root: `0x${'5a'.repeat(32)}` as const, size: 4096n },
  nextChallengeAt: 0n,
  reserve: 0n,
  bond: 1n,
}
const acts = (of: Partial<Parameters<typeof actsOf>[0]>, wallet = USER, now = START + WEEK) => {
  const all = actsOf({ ...order, ...of }, { wallet: String(wallet), now, parameters: DEFAULT_PARAMETERS })
  return Object.fromEntries(all.map(({ act, why }) => [act, why === null ? 'now' : 'not now']))
}

it('each side sees its own acts of a running order, a stranger none', () => {
  expect(acts({})).toEqual({
    extend: 'now',
    shorten: 'now',
    topUp: 'now',
    challenge: 'now',
    end: 'now',
  })
  expect(acts({ claimable: 5n }, MINER)).toEqual({ claim: 'now', end: 'now', quit: 'now' })
  expect(acts({}, MINER)).toEqual({ claim: 'not now', end: 'now', quit: 'now' })
  expect(acts({}, OTHER)).toEqual({})
  expect(acts({}, USER?.toUpperCase().replace('X', 'x') as typeof USER)).toHaveProperty('extend')
})

it('a notice stops what would make the order longer, and a second one', () => {
  const noticeEndsAt = START + 3n * WEEK
  expect(acts({ noticeEndsAt })).toMatchObject({ extend: 'not now', shorten: 'now' })
  expect(acts({ noticeEndsAt }, MINER)).toMatchObject({ quit: 'not now' })
  expect(acts({}, MINER, START + 9n * WEEK)).toMatchObject({ quit: 'not now' })
})

it('while it is challenged nothing can be done but slash it, and that after the deadline only', () => {
  const challenge = { leafIndex: 1n, deadline: START + WEEK, bond: 1n }
  expect(acts({ challenge }, USER, START + WEEK)).toEqual({ slash: 'not now', topUp: 'now' })
  expect(acts({ challenge }, OTHER, START + WEEK + 1n)).toEqual({ slash: 'now' })
  expect(acts({ nextChallengeAt: START + 2n * WEEK })).toMatchObject({ challenge: 'not now' })
  expect(acts({ commitment: null })).toMatchObject({ challenge: 'not now' })
})

it('what is over is finished by anyone; what has not started is given back', () => {
  const after = START + 10n * WEEK + 1n
  for (const wallet of [USER, MINER, OTHER]) expect(acts({}, wallet, after)).toEqual({ finish: 'now' })
  const state = 'preparing' as const
  expect(acts({ state })).toEqual({ cancelOrder: 'now', topUp: 'now' })
  const early = START + 1n
  expect(acts({ state }, MINER, early)).toEqual({ refuse: 'now', cancelOrder: 'not now' })
  expect(acts({ state }, OTHER, early)).toEqual({ cancelOrder: 'not now' })
  expect(acts({ state }, OTHER, START + DEFAULT_PARAMETERS.prepareWindow + 1n)).toEqual({
    cancelOrder: 'now',
  })
  for (const state of ['ended', 'cancelled', 'refused', 'slashed'] as const)
    expect(acts({ state })).toEqual({})
})
