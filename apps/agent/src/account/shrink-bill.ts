import { shrinkBillCall } from '@dmc/core/chain/acts/shrink-bill'
import { readBill } from '@dmc/core/chain/read-bill'
import { explainShrinkBill } from '@dmc/core/market/acts/shrink-bill'
import { type AccountContext, needWallet } from './context.ts'
import { type Executed, type Execution, executePlan } from './execute-plan.ts'
import { explainedDraft } from './explained-draft.ts'
import { approveOf, newestTime } from './order-act.ts'
import { makePlan, type Planned } from './plan.ts'

/** Takes `capacity` MiB of what is unsold out of a bill. @throws BILL_NOT_FOUND, KEY_MISSING, RPC_* */
export async function planShrinkBill(
  context: AccountContext,
  billId: bigint,
  capacity: bigint,
): Promise<Planned> {
  const account = needWallet(context, 'Shrinking a bill')
  const { market, rpc } = context
  const [bill, now] = await Promise.all([readBill(rpc.client, { market, billId }), newestTime(context)])
  const explained = explainShrinkBill({ bill, now, by: account.address, capacity })
  const call = shrinkBillCall(market, billId, capacity)
  return makePlan(context, explainedDraft({ account, explained, call, approve: approveOf(context) }))
}

export function shrinkBill(
  context: AccountContext,
  billId: bigint,
  capacity: bigint,
  execution: Execution,
): Promise<Executed> {
  return executePlan(context, () => planShrinkBill(context, billId, capacity), {
    subject: `bill:${billId}`,
    ...execution,
  })
}
