import { decodeLogs, type RawLog } from '@dmc/core/chain/decode-log'
import { readBill } from '@dmc/core/chain/read-bill'
import { readMarket } from '@dmc/core/chain/read-market'
import { readOrder } from '@dmc/core/chain/read-order'
import { readChainState } from '@dmc/db/chain/read-chain-state'
import { exact } from '@dmc/db/exact'
import { findEndpoints, toMarketBill } from '@dmc/db/market/bill-view'
import { toMarketOrder } from '@dmc/db/market/order-view'
import { readClock } from '@dmc/db/market/read-clock'
import type { EventRow, OrderRow } from '@dmc/db/market/rows'
import type { Database } from '@dmc/db/open-database'
import type { Devnet } from '@dmc/testkit/devnet'
import type { Address } from 'viem'
import { expect } from 'vitest'
import { toEventRow } from '../../src/server/indexer/event-row.ts'

type Net = Pick<Devnet, 'client' | 'market' | 'deploymentBlock'>

/** Every row against the Market's own views at the same block, every event against the node's logs, every sum against the token. */
export async function compareWithChain(db: Database, net: Net, accounts: readonly Address[]): Promise<void> {
  const { client, market } = net
  const state = await readChainState(db.prisma)
  const blockNumber = (state?.nextBlock ?? 0n) - 1n
  expect(blockNumber).toBe(await client.getBlockNumber({ cacheTime: 0 }))
  const at = { market, blockNumber }
  const [bills, orders] = await readMarket(client, at, 'counts', [])
  await compareBills(db, net, at, bills)
  await compareOrders(db, net, at, orders)
  await compareEvents(db, net, blockNumber)
  await compareMoney(db, net, at, accounts)
}

interface At {
  market: Address
  blockNumber: bigint
}

async function compareBills(db: Database, { client }: Net, at: At, count: bigint): Promise<void> {
  const rows = (await db.prisma.bill.findMany({ orderBy: { billId: 'asc' } })).map(exact)
  expect(rows.map(({ billId }) => billId)).toEqual(upTo(count))
  const endpoints = await findEndpoints(db.prisma, rows)
  const views = await Promise.all(rows.map(({ billId }) => readBill(client, { ...at, billId })))
  for (const [i, row] of rows.entries()) {
    const { previousOfMiner: _, ...view } = views[i] ?? expect.fail()
    expect(toMarketBill(row, endpoints.get(row.billId) ?? '')).toMatchObject(view)
    expect(row.orders).toBe(await db.prisma.order.count({ where: { billId: row.billId } }))
  }
}

async function compareOrders(db: Database, { client }: Net, at: At, count: bigint): Promise<void> {
  const rows = (await db.prisma.order.findMany({ orderBy: { orderId: 'asc' } })).map(exact)
  expect(rows.map(({ orderId }) => orderId)).toEqual(upTo(count))
  const clock = await readClock(db.prisma)
  const views = await Promise.all(rows.map(({ orderId }) => readOrder(client, { ...at, orderId })))
  for (const [i, row] of rows.entries()) {
    const { previousOfUser: _, ...view } = views[i] ?? expect.fail()
    expect(toMarketOrder(row, clock)).toMatchObject(view)
    balance(row)
    const challenges = await db.prisma.challenge.findMany({
      where: { orderId: row.orderId },
      orderBy: { number: 'asc' },
    })
    const open = challenges.filter(({ state }) => state === 'open')
    expect(open.map(({ leafIndex, deadline }) => ({ leafIndex, deadline }))).toEqual(
      view.challenge === null
        ? []
        : [{ leafIndex: view.challenge.leafIndex, deadline: view.challenge.deadline }],
    )
    expect(challenges.map(({ number }) => number)).toEqual(challenges.map((_, n) => n + 1))
    expect(challenges.some(({ state }) => state === 'failed')).toBe(row.state === 'slashed')
  }
}

/** What was put in is locked, paid, refunded or won: to the last wei. */
function balance(row: OrderRow): void {
  const locked = row.escrow + row.reserve + (row.challengeBond ?? 0n)
  expect(row.putIn).toBe(locked + row.paid + row.refunded + row.bondsWon)
}

async function compareEvents(
  db: Database,
  { client, market, deploymentBlock }: Net,
  toBlock: bigint,
): Promise<void> {
  const logs = await client.getLogs({ address: market, fromBlock: deploymentBlock, toBlock })
  const truth = decodeLogs(market, logs as RawLog[]).map((event) => {
    const { args, name, blockNumber, blockHash, logIndex, transactionHash } = toEventRow(event, 0n, NOBODY)
    return { args, name, blockNumber, blockHash, logIndex, transactionHash }
  })
  const rows = await db.prisma.marketEvent.findMany({
    orderBy: [{ blockNumber: 'asc' }, { logIndex: 'asc' }],
  })
  expect(rows).toMatchObject(truth)
  expect(rows).toHaveLength(truth.length)
  for (const row of rows as unknown as EventRow[]) {
    if (row.orderId !== null) expect([row.billId, row.user, row.miner]).not.toContain(null)
  }
  const blocks = await db.prisma.chainBlock.findMany({ where: { hasEvents: true } })
  expect(new Set(blocks.map(({ hash }) => hash))).toEqual(new Set(truth.map(({ blockHash }) => blockHash)))
}

const NOBODY = { billId: null, orderId: null, user: null, miner: null }

async function compareMoney(
  db: Database,
  { client }: Net,
  at: At,
  accounts: readonly Address[],
): Promise<void> {
  const rows = (await db.prisma.payment.findMany()).map(exact)
  for (const account of accounts) {
    const credit = rows.filter((row) => row.account === account).reduce((sum, row) => sum + row.credit, 0n)
    expect(credit).toBe(await readMarket(client, at, 'credit', [account]))
  }
  const of = (...kinds: string[]) =>
    rows.filter(({ kind }) => kinds.includes(kind)).reduce((sum, { amount }) => sum + amount, 0n)
  const tracked = of('escrow', 'reserve', 'pledge') - of('burned', 'withdrawn')
  expect(tracked).toBe(await readMarket(client, at, 'trackedTotal', []))
  // What each order's row says was paid to whom is what the payments say.
  const sumOf = (orderId: bigint, kind: string) =>
    rows
      .filter((row) => row.orderId === orderId && row.kind === kind)
      .reduce((sum, { amount }) => sum + amount, 0n)
  for (const row of (await db.prisma.order.findMany()).map(exact)) {
    const { orderId, paid, refunded, compensation, bondsWon, reward, burned } = row
    const kinds = ['earned', 'refund', 'compensation', 'bond-won', 'reward', 'burned']
    expect(kinds.map((kind) => sumOf(orderId, kind))).toEqual([
      paid,
      refunded,
      compensation,
      bondsWon,
      reward,
      burned,
    ])
  }
  const operators = (await db.prisma.operator.findMany()).map(exact)
  for (const { owner, operator, scopes, expiresAt } of operators) {
    const view = await readMarket(client, at, 'operatorOf', [owner as Address, operator as Address])
    expect([scopes, expiresAt]).toEqual([...view])
  }
}

const upTo = (count: bigint) => Array.from({ length: Number(count) }, (_, i) => BigInt(i + 1))

/** Everything that comes from the chain, for comparing two databases. */
export async function dumpChain(db: Database): Promise<Record<string, unknown[]>> {
  const { prisma } = db
  return {
    events: await prisma.marketEvent.findMany({ orderBy: [{ blockNumber: 'asc' }, { logIndex: 'asc' }] }),
    payments: (
      await prisma.payment.findMany({
        orderBy: [{ blockNumber: 'asc' }, { logIndex: 'asc' }, { part: 'asc' }],
      })
    ).map(exact),
    bills: (await prisma.bill.findMany({ orderBy: { billId: 'asc' } })).map(exact),
    orders: (await prisma.order.findMany({ orderBy: { orderId: 'asc' } })).map(exact),
    challenges: (await prisma.challenge.findMany({ orderBy: [{ orderId: 'asc' }, { number: 'asc' }] })).map(
      exact,
    ),
    endpoints: await prisma.endpoint.findMany({ orderBy: [{ miner: 'asc' }, { billId: 'asc' }] }),
    operators: (await prisma.operator.findMany({ orderBy: [{ owner: 'asc' }, { operator: 'asc' }] })).map(
      exact,
    ),
  }
}
