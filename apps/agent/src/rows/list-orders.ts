import { listOrdersOf } from '@dmc/core/chain/list-orders-of'
import type { OrderOnChain } from '@dmc/core/chain/types'
import { FINAL_ORDER_STATES } from '@dmc/core/market/states'
import type { AgentContext } from '../agent-context.ts'
import { listContracts } from '../contract/contract-rows.ts'
import type { OrderRow } from '../control/types.ts'
import { orderRow } from './order-row.ts'

/** Orders of the wallet by the chain's own links, at the confirmed head, newest first. */
export async function ordersOfOwner(ctx: AgentContext, user: `0x${string}`): Promise<OrderOnChain[]> {
  const blockNumber = await ctx.rpc.confirmedHead()
  return listOrdersOf(ctx.rpc.client, { market: ctx.config.chain.market, user, blockNumber })
}

/** What this host has to do with: the wallet's own orders, and those on this host's sectors. */
export async function listOrderRows(
  ctx: AgentContext,
  filter: { role?: 'user' | 'miner' | undefined; sourceId?: string | undefined; all: boolean },
): Promise<OrderRow[]> {
  const rows: OrderRow[] = []
  const owner = ctx.wallet?.address ?? ctx.config.owner
  if (filter.role !== 'miner' && owner) {
    for (const order of await ordersOfOwner(ctx, owner)) rows.push(await orderRow(ctx, order, 'user'))
  }
  if (filter.role !== 'user' && filter.sourceId === undefined) {
    for (const contract of listContracts(ctx.store, 'miner').reverse()) {
      rows.push(await orderRow(ctx, await ctx.contract.reader.order(contract.orderId), 'miner'))
    }
  }
  return rows.filter(
    (row) =>
      (filter.all || !FINAL_ORDER_STATES.includes(row.state)) &&
      (filter.sourceId === undefined || row.sourceId === filter.sourceId),
  )
}
