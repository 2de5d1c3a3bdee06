import { withdrawCall } from '@dmc/core/chain/acts/withdraw'
import { readMoney } from '@dmc/core/chain/read-money'
import { formatTokens } from '@dmc/core/units/format-tokens'
import { type AccountContext, needWallet } from './context.ts'
import { type Executed, type Execution, executePlan } from './execute-plan.ts'
import { makePlan, type Planned } from './plan.ts'

/** Paying out what refunds, earnings and freed pledges have left as credit at the Market. @throws KEY_MISSING, RPC_* */
export async function planWithdraw(context: AccountContext): Promise<Planned> {
  const wallet = needWallet(context, 'A withdrawal')
  const { market, facts } = context
  const { credit } = await readMoney(context.rpc.client, {
    market,
    token: facts.token,
    account: wallet.address,
  })
  const planned = await makePlan(context, {
    title: `Withdraw ${formatTokens(credit)} to ${wallet.address}`,
    account: wallet,
    call: credit === 0n ? null : () => withdrawCall(market, wallet.address),
    money: { refund: credit },
  })
  planned.plan.token.after += credit
  return planned
}

export function withdraw(context: AccountContext, execution: Execution): Promise<Executed> {
  return executePlan(context, () => planWithdraw(context), execution)
}
