import { cancelBillCall } from '@dmc/core/chain/acts/cancel-bill'
import { readBill } from '@dmc/core/chain/read-bill'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { formatTokens } from '@dmc/core/units/format-tokens'
import { type AccountContext, needWallet } from './context.ts'
import { type Executed, type Execution, executePlan } from './execute-plan.ts'
import { makePlan, type Planned } from './plan.ts'

/** Closing a bill: what is unsold is freed, orders that were taken stay. @throws BILL_NOT_FOUND, BILL_NOT_OPEN, KEY_MISSING, RPC_* */
export async function planCancelBill(context: AccountContext, billId: bigint): Promise<Planned> {
  const wallet = needWallet(context, 'Cancelling a bill')
  const bill = await readBill(context.rpc.client, { market: context.market, billId })
  if (bill.cancelled) {
    throw new DmcError('BILL_NOT_OPEN', `Bill ${billId} is cancelled already.`, { hint: 'Nothing to do.' })
  }
  return makePlan(context, {
    title: `Cancel bill ${billId}`,
    account: wallet,
    call: () => cancelBillCall(context.market, billId),
    money: { refund: bill.pledge },
    facts: [
      ['Freed pledge', `${formatTokens(bill.pledge)} as credit: dmc-agent wallet withdraw pays it out`],
      ['Orders', 'those that were taken go on'],
    ],
  })
}

export function cancelBill(context: AccountContext, billId: bigint, execution: Execution): Promise<Executed> {
  return executePlan(context, () => planCancelBill(context, billId), {
    subject: `bill:${billId}`,
    ...execution,
  })
}
