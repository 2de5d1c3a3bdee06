import type { OrderOnChain } from '@dmc/core/chain/types'
import { DmcError } from '@dmc/core/errors/dmc-error'
import type { ContractContext } from './context.ts'

/** @throws as `mustBeOpen`; ORDER_STATE also when its time is over and nobody has settled it yet */
export async function mustTakeData(
  { reader, prepareWindow }: Pick<ContractContext, 'reader' | 'prepareWindow'>,
  order: OrderOnChain,
  retry: <T>(work: () => Promise<T>) => Promise<T>,
): Promise<void> {
  mustBeOpen(order)
  const now = await retry(() => reader.chainTime())
  if (order.state === 'active' && order.endsAt !== 0n && now > order.endsAt) {
    throw orderState(order, 'is over')
  }
  if (order.state !== 'preparing') return
  const until = order.createdAt + (await retry(prepareWindow))
  if (now <= until) return
  throw new DmcError('ORDER_STATE', `Order ${order.orderId} was not agreed on in time.`, {
    hint: `Take the money back (dmc-agent order cancel ${order.orderId}), then order anew: ${orderAnew}`,
  })
}

const orderAnew = 'dmc-agent order create --source SOURCE'

const orderState = (order: OrderOnChain, how: string): DmcError =>
  new DmcError('ORDER_STATE', `Order ${order.orderId} ${how}; only a preparing or active order takes data.`, {
    hint: `Create a new order for this source: ${orderAnew}`,
  })

/** @throws ORDER_REFUSED or ORDER_STATE unless the order can still take data. */
export function mustBeOpen(order: OrderOnChain): void {
  if (order.state === 'preparing' || order.state === 'active') return
  if (order.state !== 'refused') throw orderState(order, `is ${order.state}`)
  throw orderRefused(order.orderId)
}

/** `reason`: the miner's words, when this host has heard of them. */
export const orderRefused = (orderId: bigint, reason = ''): DmcError =>
  new DmcError(
    'ORDER_REFUSED',
    `The miner refused order ${orderId}${reason ? ` (${reason})` : ''}; escrow and reserve are back in your credit.`,
    {
      hint: `Take another bill: ${orderAnew}. What is known of why: dmc-agent order show ${orderId}`,
    },
  )
