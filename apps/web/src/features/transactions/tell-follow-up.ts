import type { TRPCClient } from '@trpc/client'
import type { AppRouter } from '../../server/router.ts'

/** What the dashboard must hear once a transaction is confirmed; kept with it, so that a closed tab loses nothing. */
export type FollowUp = ({ kind: 'order'; sourceId: string } | { kind: 'bill'; sectorId: string }) & {
  /** The host that it was made for; an entry that an older page has kept names none. */
  agentId?: string
}

/** Tells it. Another host of the wallet may have reported the same id: the one that was meant goes on, no other. */
export async function tellFollowUp(
  api: Pick<TRPCClient<AppRouter>, 'orders' | 'bills'>,
  of: { followUp?: FollowUp; result?: { orderId?: string; billId?: string } },
): Promise<void> {
  const { followUp, result } = of
  const agent = followUp?.agentId === undefined ? {} : { agentId: followUp.agentId }
  if (followUp?.kind === 'order' && result?.orderId !== undefined) {
    const { sourceId } = followUp
    await api.orders.placed.mutate({ sourceId, ...agent, orderId: BigInt(result.orderId) })
  }
  if (followUp?.kind === 'bill' && result?.billId !== undefined) {
    const { sectorId } = followUp
    await api.bills.published.mutate({ sectorId, ...agent, billId: BigInt(result.billId) })
  }
}
