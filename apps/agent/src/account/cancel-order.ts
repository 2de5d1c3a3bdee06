import { cancelOrderCall } from '@dmc/core/chain/acts/cancel-order'
import { readOrder } from '@dmc/core/chain/read-order'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { formatTokens } from '@dmc/core/units/format-tokens'
import { type AccountContext, needWallet } from './context.ts'
import { type Executed, type Execution, executePlan } from './execute-plan.ts'
import { makePlan, type Planned } from './plan.ts'

/** Calling off an order that is not active yet: everything comes back as credit. @throws ORDER_NOT_FOUND, ORDER_STATE, KEY_MISSING, RPC_* */
export async function planCancelOrder(context: AccountContext, orderId: bigint): Promise<Planned> {
  const wallet = needWallet(context, 'Cancelling an order')
  const order = await readOrder(context.rpc.client, { market: context.market, orderId })
  if (order.state !== 'preparing') {
    throw new DmcError(
      'ORDER_STATE',
      `Order ${orderId} is ${order.state}; only a preparing one can be cancelled.`,
      {
        hint: 'An active order can be shortened, or ended by both sides.',
      },
    )
  }
  const refund = order.escrow + order.reserve
  return makePlan(context, {
    title: `Cancel order ${orderId}`,
    account: wallet,
    call: () => cancelOrderCall(context.market, orderId),
    money: { refund },
    facts: [['Refund', `${formatTokens(refund)} as credit: dmc-agent wallet withdraw pays it out`]],
  })
}

export function cancelOrder(
  context: AccountContext,
  orderId: bigint,
  execution: Execution,
): Promise<Executed> {
  return executePlan(context, () => planCancelOrder(context, orderId), {
    subject: `order:${orderId}`,
    ...execution,
  })
}
