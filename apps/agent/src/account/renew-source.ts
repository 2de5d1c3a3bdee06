import { extendCall } from '@dmc/core/chain/acts/extend'
import type { ChainCall } from '@dmc/core/chain/acts/market-call'
import { multicall } from '@dmc/core/chain/acts/multicall'
import { readBill } from '@dmc/core/chain/read-bill'
import { readOrder } from '@dmc/core/chain/read-order'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { explainExtend } from '@dmc/core/market/acts/extend'
import { formatTime } from '@dmc/core/units/format-time'
import { formatTokens } from '@dmc/core/units/format-tokens'
import { type AccountContext, needWallet } from './context.ts'
import { type Executed, type Execution, executePlan } from './execute-plan.ts'
import { explainedDraft } from './explained-draft.ts'
import { approveOf, newestTime } from './order-act.ts'
import { makePlan, type Planned } from './plan.ts'

export interface RenewWish {
  /** For people. */
  name: string
  /** The source's orders; those that are not active are left out. */
  orderIds: readonly bigint[]
  weeks: number
}

/**
 * All active orders of a source, so many weeks more, in one transaction: all of them or none.
 * @throws ORDER_STATE when none is active; KEY_MISSING, RPC_*
 */
export async function planRenewal(context: AccountContext, wish: RenewWish): Promise<Planned> {
  const account = needWallet(context, 'Renewing orders')
  const { market, rpc, facts } = context
  const { parameters } = facts
  const { weeks } = wish
  const read = wish.orderIds.map((orderId) => readOrder(rpc.client, { market, orderId }))
  const [all, now] = await Promise.all([Promise.all(read), newestTime(context)])
  const active = all.filter(({ state }) => state === 'active')
  const each = await Promise.all(
    active.map(async (order) => {
      const bill = await readBill(rpc.client, { market, billId: order.billId })
      const explained = explainExtend({ order, bill, weeks, parameters, now, by: account.address })
      return { order, explained, call: extendCall(market, order.orderId, weeks, order.price) }
    }),
  )
  const [first, ...rest] = each.map(({ call }) => call)
  if (first === undefined) {
    throw new DmcError('ORDER_STATE', `No order of ${wish.name} is active, so none can be renewed.`, {
      hint: `Order space: dmc-agent order create --source ${wish.name}`,
    })
  }
  const calls: [ChainCall, ...ChainCall[]] = [first, ...rest]
  const takes = each.reduce((sum, { explained }) => sum + explained.takes, 0n)
  const ids = active.map(({ orderId }) => orderId).join(', ')
  const explained = {
    title: `Renew ${wish.name} by ${weeks === 1 ? '1 week' : `${weeks} weeks`}`,
    sentence: `Extends order ${ids} in one transaction, for ${formatTokens(takes, { round: 'up' })}: all of it or nothing.`,
    facts: each.map(({ order, explained: one }): [string, string] => [
      `Order ${order.orderId}`,
      `${formatTokens(one.takes, { round: 'up' })}, until ${formatTime(one.endsAt ?? order.endsAt)}`,
    ]),
    takes,
    credits: [],
    endsAt: null,
    problems: each.flatMap(({ explained: one }) => one.problems),
  }
  const call = multicall(market, calls)
  return makePlan(context, explainedDraft({ account, explained, call, approve: approveOf(context) }))
}

export function renewSource(
  context: AccountContext,
  wish: RenewWish,
  execution: Execution,
): Promise<Executed> {
  return executePlan(context, () => planRenewal(context, wish), execution)
}
