import { describe, expect, it } from 'vitest'
import { type NoticedOrder, noticesFor } from './notices.ts'

const NOW = 1_800_000_000n
const DAY = 86_400n
const TOKEN = 10n ** 18n
const operator = { address: '0x00000000000000000000000000000000000000Aa', gasWei: TOKEN } as const

const order = (more: Partial<NoticedOrder> = {}): NoticedOrder => ({
  orderId: 7n,
  role: 'user',
  state: 'active',
  endsAt: NOW + 100n * DAY,
  noticeEndsAt: 0n,
  reserve: TOKEN,
  bond: TOKEN,
  ...more,
})
const notices = (...orders: NoticedOrder[]) => noticesFor({ now: NOW, orders, operator })

describe('what a person should know in time', () => {
  it('nothing, when nothing is near', () => {
    expect(notices(order())).toEqual([])
    expect(noticesFor({ now: NOW, orders: [], operator: { ...operator, gasWei: 0n } })).toEqual([])
  })

  it.each([
    [14n * DAY + 1n, null],
    [14n * DAY, 'warning'],
    [3n * DAY + 1n, 'warning'],
    [3n * DAY, 'error'],
    [0n, 'error'],
    [-1n, null],
    [-DAY, null],
    [-DAY - 1n, 'warning'],
  ])('an order with %s s left: %s', (left, level) => {
    expect(notices(order({ endsAt: NOW + left }))[0]?.level ?? null).toBe(level)
  })

  it('says how long is left and how to go on, and after a notice where to go', () => {
    const endsAt = NOW + 5n * DAY
    expect(notices(order({ endsAt }))[0]).toEqual({
      level: 'warning',
      message: 'Order 7 ends in 5 d; its data is gone then.',
      hint: 'dmc-agent order extend 7 --weeks N',
    })
    const quit = notices(order({ endsAt, noticeEndsAt: endsAt }))[0]
    expect(quit?.message).toContain('its miner has given notice')
    expect(quit?.hint).toContain('order create')
    // the weeks end before the notice does
    const notYet = notices(order({ endsAt, noticeEndsAt: endsAt + 1n }))[0]
    expect(notYet?.message).not.toContain('notice')
  })

  it('tells a miner only what waits to be settled', () => {
    expect(notices(order({ role: 'miner', endsAt: NOW + DAY, reserve: 0n }))).toEqual([])
    expect(notices(order({ role: 'miner', endsAt: NOW - 2n * DAY }))[0]?.hint).toBe(
      'dmc-agent order finish 7',
    )
  })

  it('a reserve below one bond, to the wei; none where challenges are free or the order is over', () => {
    expect(notices(order({ reserve: TOKEN - 1n }))[0]?.hint).toBe('dmc-agent order top-up 7 --challenges 3')
    expect(notices(order({ reserve: 0n, bond: 0n }))).toEqual([])
    expect(notices(order({ reserve: 0n, endsAt: NOW - 1n }))).toEqual([])
    expect(notices(order({ reserve: 0n, state: 'preparing' }))).toEqual([])
  })

  it('the most urgent first', () => {
    const found = notices(
      order({ orderId: 1n, endsAt: NOW + 9n * DAY }),
      order({ orderId: 2n, endsAt: NOW + DAY }),
      order({ orderId: 3n, reserve: 0n }),
    )
    expect(found.map(({ message }) => /rder (\d)/.exec(message)?.[1])).toEqual(['2', '1', '3'])
  })

  it('gas, in acts', () => {
    const act = 120_000n * 2_000_000_000n
    const with_ = (gasWei: bigint) =>
      noticesFor({ now: NOW, orders: [order()], operator: { ...operator, gasWei } })[0] ?? null
    expect(with_(20n * act)).toBeNull()
    expect(with_(20n * act - 1n)).toMatchObject({ level: 'warning' })
    expect(with_(act)?.message).toContain('about 1 more act.')
    expect(with_(act - 1n)).toMatchObject({ level: 'error' })
    expect(noticesFor({ now: NOW, orders: [order()], operator: null })).toEqual([])
  })
})
