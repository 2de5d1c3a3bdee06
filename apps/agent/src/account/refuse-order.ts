import { refuseCall } from '@dmc/core/chain/acts/refuse'
import { readOrder } from '@dmc/core/chain/read-order'
import { OPERATOR_SCOPES } from '@dmc/core/chain/types'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { MARKET_LIMITS } from '@dmc/core/market/parameters'
import type { SendOptions, TransactionResult } from '../chain/transaction-types.ts'
import { operatorAllowed } from './operator-allowed.ts'
import type { PrepareContext } from './prepare.ts'

/**
 * The miner can't serve a preparing order (flow 8): says why on chain, the user is refunded at once. null when it was refused before.
 * @throws ORDER_STATE, NOT_OPERATOR, OPERATOR_EXPIRED, NO_GAS, MARKET_*; everything that `send` throws
 */
export async function refuseOrder(
  context: PrepareContext,
  orderId: bigint,
  reason: string,
  how: SendOptions = {},
): Promise<TransactionResult | null> {
  const { sender, market, rpc, operator } = context
  const intent = `refuse:${market}:${orderId}`
  const underway = sender.join(intent, how)
  if (underway !== null) return underway
  const order = await readOrder(rpc.client, { market, orderId })
  if (order.state === 'refused') return null
  if (order.state !== 'preparing') {
    throw new DmcError(
      'ORDER_STATE',
      `Order ${orderId} is ${order.state}; only a preparing one can be refused.`,
      {
        hint: 'Look at the order: dmc-agent status',
      },
    )
  }
  await operatorAllowed(context, order.miner, OPERATOR_SCOPES.REFUSE)
  const text = cutText(reason, MARKET_LIMITS.reasonBytes)
  const subject = `order:${orderId}`
  const call = refuseCall(market, orderId, text)
  const result = await sender.send({ intent, account: operator, call, subject, retryFailed: true }, how)
  context.journal.add({
    level: 'warning',
    event: 'order-refused',
    subject,
    message: `Order ${orderId} was refused: ${text}. The user has the money back.`,
    data: { orderId, reason: text, hash: result.hash },
  })
  return result
}

/** At most `bytes` bytes of UTF-8, no character cut in two. */
export function cutText(text: string, bytes: number): string {
  let used = 0
  let kept = ''
  for (const character of text) {
    used += Buffer.byteLength(character)
    if (used > bytes) break
    kept += character
  }
  return kept
}
