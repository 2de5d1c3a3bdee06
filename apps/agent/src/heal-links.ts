import { billIntent, linkBill } from './account/bill-rows.ts'
import type { AgentContext } from './agent-context.ts'
import { addContract } from './contract/contract-rows.ts'
import { orderIntent } from './order-intent.ts'

/**
 * A kill between a confirmed bill or order and its row here must not orphan it: the transaction's record names the wish
 * (sector, source), its event the id.
 */
export async function healLinks(ctx: AgentContext): Promise<void> {
  const { store, sender, signal } = ctx
  const market = ctx.config.chain.market
  for (const { sectorId } of await ctx.sectors.list()) {
    const result = await sender.join(billIntent(store, market, sectorId), { signal })?.catch(() => null)
    const created = result?.events.find((event) => event.name === 'BillCreated')
    if (created) linkBill(store, created.args.billId, sectorId)
  }
  for (const { sourceId } of ctx.sources.list()) {
    const result = await sender.join(orderIntent(store, market, sourceId), { signal })?.catch(() => null)
    const created = result?.events.find((event) => event.name === 'OrderCreated')
    if (!created) continue
    const { orderId, billId, capacity } = created.args
    addContract(store, { orderId, role: 'user', billId, capacityMib: Number(capacity), sourceId })
  }
}
