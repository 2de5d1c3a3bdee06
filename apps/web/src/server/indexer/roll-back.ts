import type { MarketParameters } from '@dmc/core/market/parameters'
import { countReorg } from '@dmc/db/chain/count-reorg'
import { type Dropped, dropAbove } from '@dmc/db/chain/drop-above'
import { loadEvents } from '@dmc/db/chain/load-events'
import { loadOrders } from '@dmc/db/chain/load-rows'
import { movePosition } from '@dmc/db/chain/move-position'
import { saveBatch } from '@dmc/db/chain/save-batch'
import { noteChanges } from '@dmc/db/changes/note-changes'
import type { BillRow, ChallengeRow, EndpointRow, OperatorRow, OrderRow } from '@dmc/db/market/rows'
import type { Database, Queries } from '@dmc/db/open-database'
import { endpointRow, operatorRow } from './account-rows.ts'
import { changesOf, WHOLE_MARKET } from './changes-of.ts'
import { toMarketEvent } from './event-row.ts'
import { BILL_EVENTS, foldBill } from './fold-bill.ts'
import { foldChallenges } from './fold-challenges.ts'
import { foldOrder } from './fold-order.ts'
import { endpointKey, operatorKey } from './working-set.ts'

/**
 * A reorg: everything above the common ancestor is taken back, and each row that it had changed is made again from the events that
 * are left. The new chain's events follow by themselves.
 * @returns false when the position stands elsewhere by now: another indexer was faster, nothing was written
 */
export function rollBack(
  db: Database,
  { ancestor, position, parameters }: { ancestor: bigint; position: bigint; parameters: MarketParameters },
): Promise<boolean> {
  return db.transaction(async (tx) => {
    if (!(await movePosition(tx, position, ancestor + 1n))) return false
    const gone = await loadEvents(tx, { blockNumber: { gt: ancestor } })
    const dropped = await dropAbove(tx, ancestor)
    // Orders first: a bill's fold asks for its orders' capacity.
    const { orders, challenges } = await remakeOrders(tx, dropped.orderIds, parameters)
    const empty = { blocks: [], events: [], payments: [], bills: [], endpoints: [], operators: [] }
    await saveBatch(tx, { ...empty, orders, challenges })
    const bills = await remakeBills(tx, dropped.billIds)
    const accounts = await remakeAccounts(tx, dropped)
    await saveBatch(tx, { ...empty, orders: [], challenges: [], bills, ...accounts })
    await countReorg(tx)
    const changes = changesOf(gone)
    await noteChanges(tx, changes.length === 0 ? [WHOLE_MARKET] : changes)
    return true
  })
}

async function remakeOrders(tx: Queries, ids: readonly bigint[], parameters: MarketParameters) {
  const orders = new Map<bigint, OrderRow>()
  const challenges = new Map<bigint, ChallengeRow[]>()
  for (const row of await loadEvents(tx, { orderId: { in: [...ids] } })) {
    const id = row.orderId
    if (id === null) continue
    const at = { timestamp: row.timestamp, parameters }
    const event = toMarketEvent(row)
    const order = foldOrder(orders.get(id) ?? null, event, at)
    orders.set(id, order)
    challenges.set(id, foldChallenges(challenges.get(id) ?? [], event, { ...at, order }))
  }
  return { orders: [...orders.values()], challenges: [...challenges.values()].flat() }
}

async function remakeBills(tx: Queries, ids: readonly bigint[]): Promise<BillRow[]> {
  const rows = await loadEvents(tx, { billId: { in: [...ids] }, name: { in: [...BILL_EVENTS] } })
  const about = [...new Set(rows.flatMap(({ orderId }) => (orderId === null ? [] : [orderId])))]
  const capacities = new Map((await loadOrders(tx, about)).map((order) => [order.orderId, order.capacity]))
  const bills = new Map<bigint, BillRow>()
  for (const row of rows) {
    if (row.billId === null) continue
    const orderCapacity = row.orderId === null ? 0n : (capacities.get(row.orderId) ?? 0n)
    const at = { timestamp: row.timestamp, orderCapacity }
    bills.set(row.billId, foldBill(bills.get(row.billId) ?? null, toMarketEvent(row), at))
  }
  return [...bills.values()]
}

/** Endpoints and operators: the newest event that is left says it all, but for the sum of an operator's gas floats. */
async function remakeAccounts(tx: Queries, { endpoints, operators }: Dropped) {
  const wantedEndpoints = new Set(endpoints.map(({ miner, billId }) => endpointKey(miner, billId)))
  const wantedOperators = new Set(operators.map(({ owner, operator }) => operatorKey(owner, operator)))
  const miners = [...new Set(endpoints.map(({ miner }) => miner))]
  const owners = [...new Set(operators.map(({ owner }) => owner))]
  const set = await loadEvents(tx, { name: 'EndpointSet', miner: { in: miners } })
  const granted = await loadEvents(tx, { name: 'OperatorSet', user: { in: owners } })
  const madeEndpoints = new Map<string, EndpointRow>()
  for (const row of set) {
    const event = toMarketEvent(row)
    if (event.name !== 'EndpointSet') continue
    const made = endpointRow(event)
    const key = endpointKey(made.miner, made.billId)
    if (wantedEndpoints.has(key)) madeEndpoints.set(key, made)
  }
  const madeOperators = new Map<string, OperatorRow>()
  for (const row of granted) {
    const event = toMarketEvent(row)
    if (event.name !== 'OperatorSet') continue
    const key = operatorKey(event.args.owner, event.args.operator)
    if (wantedOperators.has(key))
      madeOperators.set(key, operatorRow(event, madeOperators.get(key)?.gasFloat ?? 0n))
  }
  return { endpoints: [...madeEndpoints.values()], operators: [...madeOperators.values()] }
}
