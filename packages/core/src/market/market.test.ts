import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BillOnChain } from '../chain/types.ts'
import { capacityForSource, MIB, wholeSteps } from './capacity-for-source.ts'
import { claimable, earned } from './earned.ts'
import { describeOrder, explainOrder } from './explain-order.ts'
import { type BillQuery, matchBill, whyNot } from './match-bill.ts'
import { orderCost, orderTotal } from './order-cost.ts'
import { DEFAULT_PARAMETERS, MARKET_LIMITS } from './parameters.ts'
import { divideSlashedPledge, pledge } from './pledge.ts'
import { roundPriceUp, weekPrice } from './week-price.ts'

const week = DEFAULT_PARAMETERS.week
const USER = '0x00000000000000000000000000000000000000A1'

const step = fc.bigInt(1n, 4096n)
const price = fc.bigInt(1n, MARKET_LIMITS.price - 1024n)
const weeks = fc.integer({ min: 1, max: 520 })

/** Terms that the Market accepts: price x step is a multiple of 1,024, capacity whole steps. */
const offer = fc
  .record({ step, price, steps: fc.bigInt(1n, 1000n), weeks, pledgeRate: fc.integer({ min: 1, max: 100 }) })
  .map(({ step, price, steps, ...rest }) => ({
    ...rest,
    step,
    price: roundPriceUp(price, step),
    capacity: steps * step,
  }))

describe('prices', () => {
  it('nothing is rounded for whole steps of an accepted bill', () => {
    fc.assert(
      fc.property(offer, ({ price, step, capacity, weeks }) => {
        expect((price * step) % 1024n).toBe(0n)
        expect(weekPrice(price, capacity) * 1024n).toBe(price * capacity)
        expect(orderCost(price, capacity, weeks) * 1024n).toBe(price * capacity * BigInt(weeks))
        // Shares of a bill add up to the bill.
        expect(weekPrice(price, step) * (capacity / step)).toBe(weekPrice(price, capacity))
      }),
    )
  })

  it('roundPriceUp gives the smallest price that is accepted', () => {
    fc.assert(
      fc.property(price, step, (price, step) => {
        const rounded = roundPriceUp(price, step)
        expect(rounded >= price && (rounded * step) % 1024n === 0n).toBe(true)
        let lower = price
        while (lower < rounded && (lower * step) % 1024n !== 0n) lower++
        expect(lower).toBe(rounded)
      }),
    )
  })

  it('a slashed pledge is divided without remainder', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, MARKET_LIMITS.money), (amount) => {
        const { user, reporter, burned } = divideSlashedPledge(amount, DEFAULT_PARAMETERS)
        expect(user + reporter + burned).toBe(amount)
        expect(user).toBe(amount / 2n)
        expect(reporter).toBe(amount / 20n)
      }),
    )
  })
})

describe('earned', () => {
  const running = fc.record({ offer, at: fc.bigInt(0n, 600n * week), later: fc.bigInt(0n, week) })

  it('never falls, is 0 at the start and the whole cost at the end', () => {
    fc.assert(
      fc.property(running, ({ offer: { price, capacity, weeks }, at, later }) => {
        const start = 1_800_000_000n
        const order = { price, capacity, start, endsAt: start + BigInt(weeks) * week }
        const cost = orderCost(price, capacity, weeks)
        expect(earned(order, start, week)).toBe(0n)
        expect(earned(order, order.endsAt, week)).toBe(cost)
        expect(earned(order, order.endsAt + at, week)).toBe(cost)
        const now = earned(order, start + at, week)
        expect(now <= earned(order, start + at + later, week) && now <= cost).toBe(true)
      }),
    )
  })

  it('claims are never more than what was earned a week ago, and add up to it', () => {
    fc.assert(
      fc.property(offer, fc.array(fc.bigInt(0n, 3n * week), { maxLength: 20 }), (terms, pauses) => {
        const { price, capacity, weeks } = terms
        const start = 1_800_000_000n
        const order = { price, capacity, start, endsAt: start + BigInt(weeks) * week, claimed: 0n }
        let t = start
        for (const pause of pauses) {
          t += pause
          order.claimed += claimable(order, t, week)
          expect(order.claimed).toBe(earned(order, t - week, week))
          expect(claimable(order, t, week)).toBe(0n)
        }
      }),
    )
  })

  it('is 0 before the order is active', () => {
    expect(earned({ price: 1024n, capacity: 1n, start: 0n, endsAt: 0n }, 10n ** 10n, week)).toBe(0n)
  })
})

describe('capacityForSource', () => {
  it('is whole steps, and more than the source with its entries by at least a quarter', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 1n << 50n), fc.bigInt(0n, 10n ** 8n), step, (bytes, files, step) => {
        const capacity = capacityForSource({ bytes, files }, { step })
        expect(capacity % step).toBe(0n)
        expect(capacity * MIB * 4n).toBeGreaterThanOrEqual((bytes + files * 512n) * 5n)
        const tight = capacityForSource({ bytes, files }, { step, growth: 0 })
        expect(tight <= capacity && tight * MIB > bytes).toBe(true)
      }),
    )
  })

  it('examples', () => {
    expect(capacityForSource({ bytes: 0n, files: 0n })).toBe(9n)
    expect(capacityForSource({ bytes: 1n << 30n, files: 1n })).toBe(1290n)
    expect(wholeSteps(300n, 256n)).toBe(512n)
    expect(wholeSteps(512n, 256n)).toBe(512n)
  })
})

const bill = (over: Partial<BillOnChain>): BillOnChain => ({
  billId: 1n,
  miner: '0x00000000000000000000000000000000000000b1',
  capacity: 4096n,
  free: 4096n,
  step: 256n,
  price: 1000n,
  pledgeRate: 2,
  minWeeks: 1,
  maxWeeks: 52,
  bond: 5n,
  createdAt: 1n,
  expiresAt: 1000n,
  cancelled: false,
  pledge: 0n,
  endpoint: 'http://127.0.0.1:4600',
  previousOfMiner: 0n,
  ...over,
})
const query: BillQuery = { capacity: 300n, weeks: 6, maxPrice: 1000n, minPledgeRate: 2, maxBond: 5n }
const context = { user: USER, now: 500n }

describe('matchBill (flow 7)', () => {
  it.each([
    ['cancelled', { cancelled: true }, /was cancelled/],
    ['expired', { expiresAt: 499n }, /expired/],
    ['my own, in whatever letters', { miner: USER.toLowerCase() as `0x${string}` }, /your own/],
    ['too small for whole steps', { free: 511n }, /511 MiB are free, 512 MiB are needed/],
    ['for longer orders', { minWeeks: 7 }, /at least 7 weeks, not 6/],
    ['for shorter orders', { maxWeeks: 5 }, /at most 5 weeks, not 6/],
    ['dearer', { price: 1001n }, /more than/],
    ['pledging less', { pledgeRate: 1 }, /pledge rate is 1, less than 2/],
    ['with dearer challenges', { bond: 6n }, /a challenge costs/],
    ['without an address', { endpoint: '' }, /no address/],
  ])('leaves out a bill that is %s, and says so', (_, over, reason) => {
    const { best, others, reason: why } = matchBill([bill(over)], query, context)
    expect(best).toBeNull()
    expect(others[0]?.reasons.join()).toMatch(reason)
    expect(others[0]?.reasons).toHaveLength(1)
    expect(why).toMatch(reason)
  })

  it('takes a bill at each limit', () => {
    const limits = bill({
      expiresAt: 500n,
      free: 512n,
      minWeeks: 6,
      maxWeeks: 6,
      price: 1000n,
      pledgeRate: 2,
    })
    expect(matchBill([limits], query, context).best?.capacity).toBe(512n)
    expect(matchBill([], query, context).reason).toBe('There is no bill on the market.')
  })

  it('leaves out excluded miners', () => {
    const { miner } = bill({})
    expect(matchBill([bill({})], query, { ...context, exceptMiners: [miner.toUpperCase()] }).best).toBeNull()
  })

  it('takes the one that costs least, whole steps counted', () => {
    const coarse = bill({ billId: 1n, step: 1024n, price: 600n })
    const fine = bill({ billId: 2n, step: 1n, price: 1000n })
    const { best, reason } = matchBill([coarse, fine], query, context)
    expect(best).toMatchObject({ bill: { billId: 2n }, capacity: 300n })
    expect(reason).toContain('cheapest')
  })

  it('is the best by price, pledge, age: no order of the input changes it', () => {
    const some = fc.array(
      fc.record({
        price: fc.bigInt(1n, 4n).map((n) => n * 256n),
        pledgeRate: fc.integer({ min: 1, max: 3 }),
        free: fc.constantFrom(256n, 512n, 4096n),
      }),
      { maxLength: 12 },
    )
    fc.assert(
      fc.property(some, fc.integer({ min: 0, max: 100 }), (terms, seed) => {
        const bills = terms.map((over, i) => bill({ ...over, billId: BigInt(i + 1) }))
        const shuffled = bills.map((one, i) => ({ one, key: (i * 7919 + seed * 104729) % 101 }))
        shuffled.sort((a, b) => a.key - b.key)
        const result = matchBill(
          shuffled.map(({ one }) => one),
          query,
          context,
        )
        const fits = bills.filter((one) => whyNot(one, 512n, query, context).length === 0)
        const rank = (one: BillOnChain) =>
          [weekPrice(one.price, 512n), -BigInt(one.pledgeRate), one.billId] as const
        const better = (a: BillOnChain, b: BillOnChain) => {
          const [x, y] = [rank(a), rank(b)]
          const at = x.findIndex((value, i) => value !== y[i])
          return at >= 0 && (x[at] ?? 0n) < (y[at] ?? 0n)
        }
        expect(result.fitting.length + result.others.length).toBe(bills.length)
        expect(result.best === null).toBe(fits.length === 0)
        for (const one of fits) {
          if (result.best !== null) expect(better(one, result.best.bill)).toBe(false)
        }
      }),
    )
  })
})

describe('explainOrder', () => {
  it('adds up, and shows every number that is paid or locked', () => {
    const token = 10n ** 18n
    const terms = bill({ price: 2n * token, pledgeRate: 3, bond: token / 4n })
    const order = explainOrder({
      bill: terms,
      capacity: 512n,
      weeks: 6,
      challenges: 4,
      now: 1_800_000_000n,
      parameters: DEFAULT_PARAMETERS,
      gas: { units: 450_000n, maxFeePerGas: 2_000_000_000n },
    })
    expect(order).toMatchObject({
      weekPrice: token,
      cost: 6n * token,
      reserve: token,
      total: 7n * token,
      pledge: 3n * token,
      pledgeForUser: (3n * token) / 2n,
      earliestEnd: 1_800_000_000n + 6n * week,
      latestEnd: 1_800_000_000n + 6n * week + 3n * 86_400n,
    })
    expect(order.total).toBe(orderTotal({ ...terms, capacity: 512n, weeks: 6, challenges: 4 }).total)
    expect(order.pledge).toBe(pledge(terms.price, 512n, 3))
    const text = describeOrder(order)
      .map((line) => line.join(': '))
      .join('\n')
    for (const shown of [
      '512 MiB',
      '2 DMC per GiB-week',
      '1 DMC a week',
      '6 DMC',
      '7 DMC',
      '3 DMC',
      '1.5 DMC',
      '0.0009 ETH',
    ]) {
      expect(text).toContain(shown)
    }
  })
})
