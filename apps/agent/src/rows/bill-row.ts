import type { BillOnChain } from '@dmc/core/chain/types'
import { sectorOfBill } from '../account/bill-rows.ts'
import type { AgentContext } from '../agent-context.ts'
import type { BillRow } from '../control/types.ts'

/** `now`: chain time, unix seconds. */
export function billRow(ctx: AgentContext, bill: BillOnChain, now: bigint): BillRow {
  return {
    billId: bill.billId,
    miner: bill.miner,
    capacity: bill.capacity,
    free: bill.free,
    step: bill.step,
    price: bill.price,
    pledgeRate: bill.pledgeRate,
    minWeeks: bill.minWeeks,
    maxWeeks: bill.maxWeeks,
    bond: bill.bond,
    expiresAt: bill.expiresAt,
    state: stateOf(bill, now),
    endpoint: bill.endpoint,
    own: ctx.config.owner?.toLowerCase() === bill.miner.toLowerCase(),
    sectorId: sectorOfBill(ctx.store, bill.billId),
  }
}

function stateOf(bill: BillOnChain, now: bigint): BillRow['state'] {
  if (bill.cancelled) return 'cancelled'
  if (bill.expiresAt < now) return 'expired'
  return bill.free === 0n ? 'full' : 'open'
}
