import { percentile } from '@dmc/testkit/simulation'
import { A, fillMarket, M } from '../../../../packages/db/test/fill-market.ts'
import { signIn, startDashboard } from './dashboard.ts'

export interface ListTime {
  name: string
  median: number
  p95: number
}

const TIMES = 60

/**
 * How long the lists of pages take at the API, over HTTP and with the session's cookie, ms: a market of so many orders, a wallet with a
 * third of the journal's rows. Default database: PGlite in memory.
 */
export async function measureLists(of: {
  orders: number
  journal: number
  url?: string
}): Promise<ListTime[]> {
  const server = await startDashboard(of.url === undefined ? {} : { url: of.url })
  try {
    const { db } = server.services
    const { api, account } = await signIn(server)
    const me = account.address
    await fillMarket(db, { bills: 500, orders: of.orders })
    await db.prisma.$executeRaw`
      INSERT INTO journal (owner, "agentId", seq, time, level, event, subject, message)
      SELECT (ARRAY[${me}, ${A(1)}, ${A(2)}])[1 + i % 3], 'agent-' || i % 7, i, to_timestamp(1790000000 + i),
        (ARRAY['info', 'warning', 'error'])[1 + (i / 100) % 3]::"Level", 'snapshot', 'source:' || i % 50,
        'A snapshot was taken.' FROM generate_series(1, ${of.journal}::int) AS i`
    // half of the orders are of the wallet that asks: the worst that a list can meet
    await db.prisma.$executeRaw`UPDATE orders SET "user" = ${me} WHERE "orderId" % 2 = 0`
    await db.prisma.$executeRaw`UPDATE orders SET miner = ${me} WHERE "orderId" % 4 = 1`
    await db.prisma.$executeRawUnsafe('ANALYZE')
    const deep = BigInt(of.journal / 2)
    const questions: Record<string, () => Promise<unknown>> = {
      'bills, open': () => api.market.bills.query({ openOnly: true, limit: 50 }),
      'bills, a whole page': () => api.market.bills.query({ limit: 200 }),
      'orders of a user': () => api.market.orders.query({ user: me, limit: 50 }),
      'orders of a user, deep': () =>
        api.market.orders.query({ user: me, limit: 50, cursor: BigInt(of.orders / 2) }),
      'orders of a miner': () => api.market.orders.query({ miner: me, limit: 50 }),
      'active orders of a miner': () =>
        api.market.orders.query({ miner: M(2), states: ['active'], limit: 50 }),
      'all orders by end': () => api.market.orders.query({ sort: 'endsAt', limit: 50 }),
      'events of an account': () => api.market.events.query({ account: A(1), limit: 50 }),
      'the market in numbers': () => api.market.stats.query(),
      prices: () => api.market.prices.query({}),
      'money of the wallet': () => api.money.summary.query(),
      'payments of the wallet': () => api.money.payments.query({ limit: 50 }),
      'journal, newest': () => api.journal.list.query({ limit: 100 }),
      'journal, deep': () => api.journal.list.query({ limit: 100, before: deep }),
      'journal, errors': () => api.journal.list.query({ limit: 100, level: 'error' }),
      'journal, of a source': () => api.journal.list.query({ limit: 100, subject: 'source:7' }),
      'journal, of a source, errors': () =>
        api.journal.list.query({ limit: 100, subject: 'source:7', level: 'error' }),
    }
    const measured: ListTime[] = []
    for (const [name, ask] of Object.entries(questions)) {
      await ask()
      const times: number[] = []
      for (let i = 0; i < TIMES; i++) {
        const before = performance.now()
        await ask()
        times.push(performance.now() - before)
      }
      measured.push({ name, median: percentile(times, 0.5), p95: percentile(times, 0.95) })
    }
    return measured
  } finally {
    await server.close()
  }
}
