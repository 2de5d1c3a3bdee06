import { marketCall } from '@dmc/core/chain/acts/market-call'
import { accountMoney } from '@dmc/db/market/account-money'
import { findOrder } from '@dmc/db/market/find-order'
import { listBills } from '@dmc/db/market/list-bills'
import { listEvents } from '@dmc/db/market/list-events'
import { listOrders } from '@dmc/db/market/list-orders'
import { marketSummary } from '@dmc/db/market/market-summary'
import { minerSummary } from '@dmc/db/market/miner-summary'
import { moneyByMonth } from '@dmc/db/market/money-by-month'
import { pricePercentile } from '@dmc/db/market/price-percentile'
import { describe, expect, it } from 'vitest'
import { ENGINES, useDatabases } from '../../../../packages/db/test/databases.ts'
import { A, fillMarket, M } from '../../../../packages/db/test/fill-market.ts'
import { createMarketFollower } from '../../src/server/indexer/market-follower.ts'
import { compareWithChain } from './compare-with-chain.ts'
import { ACCOUNTS, MINERS, openMarketActs, USERS } from './market-acts.ts'
import { ROOT } from './one-leaf.ts'

const LONG = process.env.DMC_TEST_LONG === '1'
/** Each order is four events. */
const ORDERS = LONG ? 2_500 : 250
const AT_ONCE = 50
const [LISTED, ROWS] = LONG ? [10_000, 100_000] : [1_000, 10_000]

/** Times are printed, not judged: the machine may be busy. */
describe.each(ENGINES)('how fast on %s', (engine) => {
  const databases = useDatabases(engine)

  it(`reads ${ORDERS * 4} events into an empty database`, async () => {
    const acts = await openMarketActs()
    try {
      const { market, client } = acts.net
      const many = (from: `0x${string}`, calls: { data: `0x${string}` }[]) =>
        acts.act(from, 'multicall', [calls.map(({ data }) => data)])
      const [miner, user] = [MINERS[0], USERS[0]]
      const billId = await acts.bill({ miner, capacity: BigInt(ORDERS) })
      const terms = {
        billId,
        expectedMiner: miner,
        capacity: 1n,
        weeks: 4n,
        maxPrice: 1n << 71n,
        minPledgeRate: 1n,
        maxBond: 1_000n,
        challenges: 1n,
      }
      for (let first = 1; first <= ORDERS; first += AT_ONCE) {
        const ids = Array.from({ length: AT_ONCE }, (_, i) => BigInt(first + i))
        await many(
          user,
          ids.map(() => marketCall(market, 'createOrder', [terms])),
        )
        await many(
          user,
          ids.map((id) => marketCall(market, 'prepare', [id, 0n, ROOT, 1_024n])),
        )
        await many(
          miner,
          ids.map((id) => marketCall(market, 'prepare', [id, 1n, ROOT, 1_024n])),
        )
      }
      const db = await databases.open()
      const follower = createMarketFollower({ db, client, chainId: 31337, market })
      const before = performance.now()
      while (await follower.step()) {}
      const seconds = (performance.now() - before) / 1_000
      const events = await db.prisma.marketEvent.count()
      expect(events).toBeGreaterThanOrEqual(ORDERS * 4)
      console.log(
        `${engine}: ${events} events in ${seconds.toFixed(1)} s, ${Math.round(events / seconds)} a second`,
      )
      if (!LONG) await compareWithChain(db, acts.net, ACCOUNTS)
    } finally {
      await acts.net.stop()
    }
  })

  it(`answers over ${LISTED} orders and ${ROWS} journal rows`, async () => {
    const db = await databases.open()
    await fillMarket(db, { bills: 500, orders: LISTED })
    await db.prisma.$executeRaw`
      INSERT INTO journal (owner, "agentId", seq, time, level, event, subject, message)
      SELECT (ARRAY[${A(0)}, ${A(1)}, ${A(2)}])[1 + i % 3], 'agent-' || i % 7, i, to_timestamp(1790000000 + i), 'info', 'snapshot',
        'source:' || i % 50, 'A snapshot was taken.' FROM generate_series(1, ${ROWS}::int) AS i`
    const q = db.prisma
    const questions: Record<string, () => Promise<unknown>> = {
      'bills, open, by price': () => listBills(q, { openOnly: true, limit: 50 }),
      'bills, by pledge rate, page 8': () => listBills(q, { sort: 'pledgeRate', limit: 50, cursor: 300n }),
      'orders of a user': () => listOrders(q, { user: A(1), limit: 50 }),
      'orders of a user, deep page': () => listOrders(q, { user: A(1), limit: 50, cursor: 400n }),
      'active orders of a miner': () => listOrders(q, { miner: M(2), states: ['active'], limit: 50 }),
      'orders by end': () => listOrders(q, { sort: 'endsAt', limit: 50 }),
      'an order with its events': () => findOrder(q, 500n),
      'events of a wallet': () => listEvents(q, { account: A(1), limit: 50 }),
      'the market in numbers': () => marketSummary(q),
      'a price’s percentile': () => pricePercentile(q, 5n * 10n ** 18n),
      'a miner': () => minerSummary(q, M(1)),
      'a wallet’s money': () => accountMoney(q, A(1)),
      'a wallet’s months': () => moneyByMonth(q, { account: A(1) }),
      'journal, newest': () =>
        q.journalEntry.findMany({ where: { owner: A(1) }, orderBy: { id: 'desc' }, take: 100 }),
      'journal, of a source': () =>
        q.journalEntry.findMany({
          where: { owner: A(1), subject: 'source:7' },
          orderBy: { id: 'desc' },
          take: 100,
        }),
    }
    const lines: string[] = []
    for (const [name, ask] of Object.entries(questions)) {
      const times: number[] = []
      for (let i = 0; i < 20; i++) {
        const before = performance.now()
        expect(await ask()).toBeTruthy()
        times.push(performance.now() - before)
      }
      times.sort((a, b) => a - b)
      lines.push(`  ${name}: median ${times[9]?.toFixed(1)} ms, p95 ${times[18]?.toFixed(1)} ms`)
    }
    console.log([`${engine}:`, ...lines].join('\n'))
  })
})
