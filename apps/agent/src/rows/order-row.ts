import type { OrderOnChain } from '@dmc/core/chain/types'
import type { AgentContext } from '../agent-context.ts'
import { findContract } from '../contract/contract-rows.ts'
import { sameCommitment } from '../contract/same-commitment.ts'
import type { OrderRow } from '../control/types.ts'

/** An order as the chain has it, with what this host knows of it. */
export async function orderRow(
  ctx: AgentContext,
  order: OrderOnChain,
  role: 'user' | 'miner',
): Promise<OrderRow> {
  const contract = findContract(ctx.store, order.orderId, role)
  return {
    orderId: order.orderId,
    billId: order.billId,
    role,
    user: order.user,
    miner: order.miner,
    state: order.state,
    contractState: contract?.state ?? null,
    capacity: order.capacity,
    weeks: order.weeks,
    price: order.price,
    createdAt: order.createdAt,
    start: order.start,
    endsAt: order.endsAt,
    noticeEndsAt: order.noticeEndsAt,
    escrow: order.escrow,
    reserve: order.reserve,
    bond: order.bond,
    pledge: order.pledge,
    commitment: order.commitment,
    userPrepare: order.userPrepare && { root: order.userPrepare.root, size: order.userPrepare.size },
    minerPrepare: order.minerPrepare && { root: order.minerPrepare.root, size: order.minerPrepare.size },
    sourceId: contract?.sourceId ?? null,
    sectorId: contract?.sectorId ?? null,
    endpoint: await ctx.contract.reader.endpoint(order.billId),
    note: noteOn(order, role, contract?.reason ?? ''),
  }
}

function noteOn(order: OrderOnChain, role: 'user' | 'miner', reason: string): string {
  switch (order.state) {
    case 'preparing':
      if (order.userPrepare && order.minerPrepare && !sameCommitment(order.userPrepare, order.minerPrepare)) {
        return 'The two sides state different commitments.'
      }
      if (order.userPrepare) return 'The user has stated its commitment; the miner has not.'
      if (order.minerPrepare) return 'The miner has stated its commitment; the user has not.'
      return role === 'user' ? 'Waits for the first backup.' : 'Waits for the user’s data.'
    case 'active':
      return order.userPrepare || order.minerPrepare
        ? 'A new commitment is being agreed.'
        : 'Both sides agree on what is stored.'
    case 'refused':
      return reason ? `The miner refused: ${reason}` : 'The miner refused; the user has the money back.'
    case 'cancelled':
      return 'Called off before it was active; the user has the money back.'
    case 'slashed':
      return 'A challenge was not answered in time.'
    case 'ended':
      return 'Over and settled.'
  }
}
