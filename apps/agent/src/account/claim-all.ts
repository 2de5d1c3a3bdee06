import { claimCall } from '@dmc/core/chain/acts/claim'
import type { ChainCall } from '@dmc/core/chain/acts/market-call'
import { multicall } from '@dmc/core/chain/acts/multicall'
import { readOrder } from '@dmc/core/chain/read-order'
import { explainClaim } from '@dmc/core/market/acts/claim'
import { formatTokens } from '@dmc/core/units/format-tokens'
import type { AccountContext } from './context.ts'
import { type Executed, type Execution, executePlan } from './execute-plan.ts'
import { newestTime } from './order-act.ts'
import { makePlan, type Planned } from './plan.ts'

/** More in one transaction would come near a block's gas. */
const MOST = 200

/** Everything that these orders have earned and that can be claimed now, in one transaction. Nothing to do is no problem. @throws RPC_* */
export async function planClaimAll(
  context: AccountContext,
  orderIds: readonly bigint[],
): Promise<Planned & { claimed: bigint[] }> {
  const { market, rpc, facts } = context
  const account = context.wallet ?? context.operator
  const read = orderIds.map((orderId) => readOrder(rpc.client, { market, orderId }))
  const [orders, now] = await Promise.all([Promise.all(read), newestTime(context)])
  const { parameters } = facts
  const due = orders
    .map((order) => ({ order, explained: explainClaim({ order, parameters, now, by: account.address }) }))
    .filter(({ explained }) => explained.problems.length === 0)
    .slice(0, MOST)
  const amount = (credits: { amount: bigint }[]) => credits.reduce((sum, credit) => sum + credit.amount, 0n)
  const refund = due.reduce((sum, { explained }) => sum + amount(explained.credits), 0n)
  const [first, ...rest] = due.map(({ order }) => claimCall(market, order.orderId))
  const calls: [ChainCall, ...ChainCall[]] | null = first === undefined ? null : [first, ...rest]
  const planned = await makePlan(context, {
    title: `Claim ${formatTokens(refund)} from ${due.length} order${due.length === 1 ? '' : 's'}`,
    account,
    call: calls === null ? null : () => multicall(market, calls),
    money: { refund },
    facts: due.map(({ order, explained }) => [
      `Order ${order.orderId}`,
      formatTokens(amount(explained.credits)),
    ]),
  })
  return { ...planned, claimed: due.map(({ order }) => order.orderId) }
}

export function claimAll(
  context: AccountContext,
  orderIds: readonly bigint[],
  execution: Execution,
): Promise<Executed> {
  return executePlan(context, () => planClaimAll(context, orderIds), execution)
}
