import { beforeAll, describe, expect, it } from 'vitest'
import { ENGINES, useDatabases } from '../../test/databases.ts'
import { A, fillMarket, HEAD_TIME, M } from '../../test/fill-market.ts'
import type { Database } from '../open-database.ts'
import { accountMoney } from './account-money.ts'
import { findBill } from './find-bill.ts'
import { findOrder } from './find-order.ts'
import { BILL_SORTS, listBills } from './list-bills.ts'
import { listChallenges } from './list-challenges.ts'
import { listEvents } from './list-events.ts'
import { listOperators } from './list-operators.ts'
import { listOrders, ORDER_SORTS } from './list-orders.ts'
import { listPayments } from './list-payments.ts'
import { marketSummary } from './market-summary.ts'
import { minerSummary } from './miner-summary.ts'
import { moneyByMonth } from './money-by-month.ts'
import { moneyOverTime } from './money-over-time.ts'
import { priceDistribution, pricePercentile } from './price-percentile.ts'

const DMC = 10n ** 18n

describe.each(ENGINES)('questions about the market on %s', (engine) => {
  const databases = useDatabases(engine)
  let db: Database
  beforeAll(async () => {
    db = await databases.open()
  })

  it('an empty database has an answer to everything', async () => {
    const q = db.prisma
    expect(await listBills(q, { openOnly: true })).toEqual({ items: [], total: 0, next: null })
    expect(await listOrders(q, {})).toEqual({ items: [], total: 0, next: null })
    expect(await listEvents(q, {})).toEqual({ items: [], next: null })
    expect(await findBill(q, 1n)).toBeNull()
    expect(await findOrder(q, 1n)).toBeNull()
    expect(await marketSummary(q)).toMatchObject({
      openBills: 0,
      cheapestPrice: null,
      medianPrice: null,
      escrow: 0n,
    })
    expect(await priceDistribution(q)).toMatchObject({ bills: 0, min: null, max: null })
    expect(await pricePercentile(q, 5n)).toBeNull()
    expect(await minerSummary(q, M(0))).toMatchObject({ bills: 0, firstSeen: null, endpoint: '', pledge: 0n })
    expect(await accountMoney(q, A(0))).toEqual({ credit: 0n, sums: {}, escrow: 0n, reserve: 0n, pledge: 0n })
    expect(await moneyByMonth(q, { account: A(0) })).toEqual([])
    expect(await moneyOverTime(q, { account: A(0), by: 'week' })).toEqual([])
  })

  // 40 bills: price 1 + id % 10 DMC, miner id % 4; id % 5 == 0 cancelled, id % 7 == 0 expired, id % 11 == 0 sold out. 3 orders of each.
  describe('with 40 bills and 120 orders', () => {
    beforeAll(() => fillMarket(db, { bills: 40, orders: 120 }))
    const isOpen = (id: bigint) => id % 5n !== 0n && id % 7n !== 0n && id % 11n !== 0n
    const open = Array.from({ length: 40 }, (_, i) => BigInt(i + 1)).filter(isOpen)
    const prices = open.map((id) => (1n + (id % 10n)) * DMC).sort((a, b) => (a < b ? -1 : 1))

    it('bills: filters', async () => {
      const ids = async (filter: Parameters<typeof listBills>[1]) =>
        (await listBills(db.prisma, { sort: 'newest', direction: 'asc', limit: 100, ...filter })).items.map(
          (bill) => bill.billId,
        )
      expect(await ids({})).toHaveLength(40)
      expect(await ids({ openOnly: true })).toEqual(open)
      expect(await ids({ openOnly: true, miner: M(1) })).toEqual(open.filter((id) => id % 4n === 1n))
      expect(await ids({ openOnly: true, maxPrice: 3n * DMC })).toEqual(open.filter((id) => id % 10n <= 2n))
      expect(await ids({ openOnly: true, maxPrice: 3n * DMC - 1n })).toEqual(
        open.filter((id) => id % 10n <= 1n),
      )
      expect(await ids({ openOnly: true, minPledgeRate: 4 })).toEqual(open.filter((id) => id % 6n >= 3n))
      expect(await ids({ openOnly: true, weeks: 30 })).toEqual(open.filter((id) => 20n + (id % 20n) >= 30n))
      expect(await ids({ openOnly: true, weeks: 1 })).toEqual([])
      expect(await ids({ openOnly: true, capacity: 1_024n * 30n })).toEqual(open.filter((id) => id >= 30n))
      expect(await ids({ miner: `${M(1)}' OR 1=1 --` })).toEqual([])
    })

    it.each(BILL_SORTS)(
      'bills sorted by %s: the same over pages of any size, both ways, each once',
      async (sort) => {
        for (const direction of ['asc', 'desc'] as const) {
          const all = (await listBills(db.prisma, { sort, direction, limit: 100 })).items
          const key = (bill: (typeof all)[number]) => (sort === 'newest' ? bill.billId : BigInt(bill[sort]))
          for (const [i, bill] of all.entries()) {
            const before = all[i - 1]
            if (before === undefined) continue
            const rises = key(before) <= key(bill)
            const falls = key(before) >= key(bill)
            expect(direction === 'asc' ? rises : falls).toBe(true)
          }
          for (const limit of [1, 7, 40]) {
            const paged: bigint[] = []
            let cursor: bigint | undefined
            do {
              const page = await listBills(db.prisma, { sort, direction, limit, cursor })
              expect(page.total).toBe(40)
              paged.push(...page.items.map(({ billId }) => billId))
              cursor = page.next ?? undefined
            } while (cursor !== undefined)
            expect(paged).toEqual(all.map(({ billId }) => billId))
          }
        }
      },
    )

    it('bills have their own endpoint, else the miner’s default', async () => {
      expect((await findBill(db.prisma, 4n))?.endpoint).toBe('https://own-4.example')
      expect((await findBill(db.prisma, 8n))?.endpoint).toBe('https://default-0.example')
      // Its own was set and emptied again: the default counts.
      expect((await findBill(db.prisma, 12n))?.endpoint).toBe('https://default-0.example')
      expect((await findBill(db.prisma, 1n))?.endpoint).toBe('')
    })

    it.each(ORDER_SORTS)('orders of a user sorted by %s, page by page', async (sort) => {
      const all = await listOrders(db.prisma, { user: A(1), sort, limit: 100 })
      expect(all.items).toHaveLength(40)
      expect(all.items.every(({ user }) => user === A(1))).toBe(true)
      const paged: bigint[] = []
      for (let cursor: bigint | undefined; paged.length < 40; ) {
        const page = await listOrders(db.prisma, { user: A(1), sort, limit: 9, cursor })
        paged.push(...page.items.map(({ orderId }) => orderId))
        cursor = page.next ?? undefined
      }
      expect(paged).toEqual(all.items.map(({ orderId }) => orderId))
    })

    it('orders by miner, bill and state', async () => {
      const active = await listOrders(db.prisma, { states: ['active'], limit: 200 })
      expect(active.items.every(({ state }) => state === 'active')).toBe(true)
      expect(active.total).toBe(60)
      expect((await listOrders(db.prisma, { billId: 3n })).items.map(({ orderId }) => orderId)).toEqual([
        83n,
        43n,
        3n,
      ])
      const ofMiner = await listOrders(db.prisma, { miner: M(2), states: ['active', 'ended'], limit: 200 })
      expect(ofMiner.items.every(({ miner, state }) => miner === M(2) && state !== 'preparing')).toBe(true)
    })

    it('an order with its events, and how deep they are', async () => {
      const order = await findOrder(db.prisma, 6n)
      expect(order?.events.map(({ name }) => name)).toEqual(['OrderCreated', 'Prepared', 'OrderActivated'])
      const [first, , last] = order?.events ?? []
      expect((first?.confirmations ?? 0n) - (last?.confirmations ?? 0n)).toBe(
        (last?.blockNumber ?? 0n) - (first?.blockNumber ?? 0n),
      )
      expect(first?.args).toMatchObject({ orderId: '6' })
      // Active since one and a half weeks: half a week of it may be claimed.
      expect(order).toMatchObject({
        state: 'active',
        claimable: ((order?.price ?? 0n) * (order?.capacity ?? 0n)) / 2_048n,
      })
    })

    it('events by wallet, bill and name, page by page, both ways', async () => {
      for (const direction of ['asc', 'desc'] as const) {
        const all = (await listEvents(db.prisma, { account: A(1), direction, limit: 1_000 })).items
        const paged: typeof all = []
        let cursor: Parameters<typeof listEvents>[1]['cursor']
        do {
          const page = await listEvents(db.prisma, { account: A(1), direction, limit: 13, cursor })
          paged.push(...page.items)
          cursor = page.next ?? undefined
        } while (cursor !== undefined)
        expect(paged).toEqual(all)
        expect(all.length).toBe(120)
      }
      const created = await listEvents(db.prisma, { account: M(1), names: ['OrderCreated'], limit: 1_000 })
      expect(created.items).toHaveLength(30)
      expect((await listEvents(db.prisma, { billId: 3n })).items).toHaveLength(9)
    })

    it('the market in numbers, and where a price stands', async () => {
      const summary = await marketSummary(db.prisma)
      expect(summary).toMatchObject({
        openBills: open.length,
        miners: 4,
        cheapestPrice: prices[0],
        medianPrice: prices[Math.ceil(prices.length / 2) - 1],
        activeOrders: 60,
        preparingOrders: 30,
        storedBytes: 60n * 4_096n,
      })
      const at = (share: number) => prices[Math.max(0, Math.ceil(share * prices.length) - 1)]
      expect(await priceDistribution(db.prisma)).toEqual({
        bills: open.length,
        min: at(0),
        p10: at(0.1),
        p25: at(0.25),
        median: at(0.5),
        p75: at(0.75),
        p90: at(0.9),
        max: at(1),
      })
      expect(await pricePercentile(db.prisma, 0n)).toBe(0)
      expect(await pricePercentile(db.prisma, 2n ** 72n)).toBe(100)
      const equal = prices.filter((price) => price === 5n * DMC).length
      const cheaper = prices.filter((price) => price < 5n * DMC).length
      expect(await pricePercentile(db.prisma, 5n * DMC)).toBeCloseTo(
        (100 * (cheaper + equal / 2)) / prices.length,
      )
    })

    it('a miner, a wallet’s money, its months, its keys, its challenges', async () => {
      const miner = await minerSummary(db.prisma, M(0))
      expect(miner).toMatchObject({ bills: 10, endpoint: 'https://default-0.example', firstSeen: 1_004n })
      expect(miner.openBills).toBe(open.filter((id) => id % 4n === 0n).length)
      expect(Object.values(miner.orders).reduce((sum, n) => sum + n, 0)).toBe(30)
      expect(miner.challenges).toEqual({ open: 1, answered: 2, failed: 0, medianAnswerSeconds: 45 })

      const money = await accountMoney(db.prisma, A(2))
      expect(money.sums).toEqual({ escrow: 40n * 100n * DMC, refund: 40n * DMC, withdrawn: 5n * DMC })
      expect(money.credit).toBe(35n * DMC)
      const orders = (await listOrders(db.prisma, { user: A(2), limit: 100 })).items
      expect(money.escrow).toBe(orders.reduce((sum, { escrow }) => sum + escrow, 0n))
      expect(await moneyByMonth(db.prisma, { account: A(2), since: HEAD_TIME - 1n })).toEqual([
        { month: '2026-11', kind: 'withdrawn', amount: 5n * DMC },
      ])
      const recent = { account: A(2), since: HEAD_TIME - 1n }
      const day = Date.UTC(2026, 10, 1) / 1000
      expect(await moneyOverTime(db.prisma, { ...recent, by: 'month' })).toEqual([
        { from: BigInt(day), kind: 'withdrawn', amount: 5n * DMC },
      ])
      const [week] = await moneyOverTime(db.prisma, { ...recent, by: 'week' })
      expect(new Date(Number(week?.from) * 1000).getUTCDay()).toBe(1)
      expect(HEAD_TIME - (week?.from ?? 0n)).toBeLessThan(7n * 86_400n)
      expect(HEAD_TIME - (week?.from ?? HEAD_TIME)).toBeGreaterThanOrEqual(0n)
      const all = await moneyOverTime(db.prisma, { account: A(2), by: 'week' })
      const sums = (await accountMoney(db.prisma, A(2))).sums
      for (const kind of Object.keys(sums)) {
        const total = all.filter((row) => row.kind === kind).reduce((sum, row) => sum + row.amount, 0n)
        expect(total).toBe(sums[kind])
      }
      expect(all.map(({ from }) => from)).toEqual(all.map(({ from }) => from).sort((a, b) => Number(a - b)))
      const months = await moneyByMonth(db.prisma, { account: A(2) })
      expect(months.map(({ month }) => month)).toContain('1970-01')
      const payments = await listPayments(db.prisma, { account: A(2), kinds: ['refund'], limit: 30 })
      expect(payments.items).toHaveLength(30)
      const rest = await listPayments(db.prisma, {
        account: A(2),
        kinds: ['refund'],
        limit: 30,
        cursor: payments.next ?? undefined,
      })
      expect(rest).toMatchObject({ next: null, items: { length: 10 } })
      expect((await listOperators(db.prisma, A(2))).map(({ gasFloat }) => gasFloat)).toEqual([7n])
      const due = await listChallenges(db.prisma, { miner: M(0), states: ['open'] })
      expect(due.map(({ orderId, bond }) => [orderId, bond])).toEqual([[4n, 3n]])
    })
  })
})
