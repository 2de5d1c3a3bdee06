import type { MarketEvent } from '@dmc/core/chain/decode-log'
import { loadBills, loadChallenges, loadOperators, loadOrders } from '@dmc/db/chain/load-rows'
import type { BillRow, ChallengeRow, EndpointRow, OperatorRow, OrderRow } from '@dmc/db/market/rows'
import type { Queries } from '@dmc/db/open-database'

/** The rows that a run of events reads and changes. */
export interface WorkingSet {
  bills: Map<bigint, BillRow>
  orders: Map<bigint, OrderRow>
  challenges: Map<bigint, ChallengeRow[]>
  operators: Map<string, OperatorRow>
  endpoints: Map<string, EndpointRow>
}

export const operatorKey = (owner: string, operator: string) => `${owner} ${operator}`
export const endpointKey = (miner: string, billId: bigint) => `${miner} ${billId}`

/** Rows that exist already of what these events are about; an order brings its bill. */
export async function loadWorkingSet(queries: Queries, events: readonly MarketEvent[]): Promise<WorkingSet> {
  const billIds = new Set<bigint>()
  const orderIds = new Set<bigint>()
  const owners = new Set<string>()
  for (const { name, args } of events) {
    if ('billId' in args && args.billId !== 0n) billIds.add(args.billId)
    if ('orderId' in args) orderIds.add(args.orderId)
    if (name === 'OperatorSet') owners.add(args.owner)
  }
  const orders = await loadOrders(queries, [...orderIds])
  for (const order of orders) billIds.add(order.billId)
  const bills = await loadBills(queries, [...billIds])
  const challenges = new Map<bigint, ChallengeRow[]>()
  for (const row of await loadChallenges(queries, [...orderIds])) {
    const known = challenges.get(row.orderId)
    if (known === undefined) challenges.set(row.orderId, [row])
    else known.push(row)
  }
  const operators = await loadOperators(queries, [...owners])
  return {
    bills: new Map(bills.map((row) => [row.billId, row])),
    orders: new Map(orders.map((row) => [row.orderId, row])),
    challenges,
    operators: new Map(operators.map((row) => [operatorKey(row.owner, row.operator), row])),
    endpoints: new Map(),
  }
}
