import { claimCall } from '@dmc/core/chain/acts/claim'
import { finishCall } from '@dmc/core/chain/acts/finish'
import type { ChainCall } from '@dmc/core/chain/acts/market-call'
import { multicall } from '@dmc/core/chain/acts/multicall'
import { readOrder } from '@dmc/core/chain/read-order'
import type { OrderActInput } from '@dmc/core/market/acts/act'
import { explainClaim } from '@dmc/core/market/acts/claim'
import { explainFinish } from '@dmc/core/market/acts/finish'
import { formatTokens } from '@dmc/core/units/format-tokens'
import type { AccountContext } from './context.ts'
import { type Executed, type Execution, executePlan } from './execute-plan.ts'
import { newestTime } from './order-act.ts'
import { makePlan, type Planned } from './plan.ts'

/** More in one transaction would come near a block's gas. */
const MOST = 200

/** What the Market pays the miner of one order now: what it has earned, or all that is left when the order is over. */
interface Due {
  orderId: bigint
  over: boolean
  amount: bigint
}

/**
 * Everything that these orders have earned and that can be claimed now, in one transaction; those that are over are settled,
 * which pays the rest and the pledge. Nothing to do is no problem.
 * @throws RPC_*
 */
export async function planClaimAll(
  context: AccountContext,
  orderIds: readonly bigint[],
): Promise<Planned & { claimed: bigint[] }> {
  const { market, rpc, facts } = context
  const account = context.wallet ?? context.operator
  const read = orderIds.map((orderId) => readOrder(rpc.client, { market, orderId }))
  const [orders, now] = await Promise.all([Promise.all(read), newestTime(context)])
  const { parameters } = facts
  const due = orders.flatMap((order) => dueOf({ order, parameters, now, by: account.address })).slice(0, MOST)
  const refund = due.reduce((sum, { amount }) => sum + amount, 0n)
  const [first, ...rest] = due.map(({ orderId, over }) => (over ? finishCall : claimCall)(market, orderId))
  const calls: [ChainCall, ...ChainCall[]] | null = first === undefined ? null : [first, ...rest]
  const planned = await makePlan(context, {
    title: `Claim ${formatTokens(refund)} from ${due.length} order${due.length === 1 ? '' : 's'}`,
    account,
    call: calls === null ? null : () => multicall(market, calls),
    money: { refund },
    facts: due.map(({ orderId, over, amount }) => [
      `Order ${orderId}`,
      `${formatTokens(amount)}${over ? ', with its pledge: it is over, and settled' : ''}`,
    ]),
  })
  return { ...planned, claimed: due.map(({ orderId }) => orderId) }
}

function dueOf(input: OrderActInput): Due[] {
  const finish = explainFinish(input)
  const over = finish.problems.length === 0
  const { credits, problems } = over ? finish : explainClaim(input)
  if (problems.length > 0) return []
  // what a finished order owes its user is not ours
  const ours = credits.filter(({ party }) => party === 'miner')
  return [{ orderId: input.order.orderId, over, amount: ours.reduce((sum, { amount }) => sum + amount, 0n) }]
}

export function claimAll(
  context: AccountContext,
  orderIds: readonly bigint[],
  execution: Execution,
): Promise<Executed> {
  return executePlan(context, () => planClaimAll(context, orderIds), execution)
}
