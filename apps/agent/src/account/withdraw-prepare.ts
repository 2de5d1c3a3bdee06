import { prepareCall, type Side } from '@dmc/core/chain/acts/prepare'
import { readOrder } from '@dmc/core/chain/read-order'
import type { SendOptions } from '../chain/transaction-types.ts'
import type { PrepareContext } from './prepare.ts'

/**
 * Takes this side's statement back (root 0, size 0) and resolves when that is confirmed (docs/decisions/0001). What was on
 * its way before is waited for first, since it has the lower nonce. Harmless when nothing is stated.
 * @throws NOT_OPERATOR, NO_GAS, MARKET_*; everything that `send` throws
 */
export async function withdrawPrepare(
  context: PrepareContext,
  orderId: bigint,
  side: Side,
  how: SendOptions = {},
): Promise<void> {
  const { sender, market, rpc, operator } = context
  const open = sender
    .pending()
    .filter(({ intent }) => intent.startsWith(`prepare:${market}:${orderId}:${side}:`))
  for (const { intent } of open) await sender.join(intent, how)
  for (let round = 0; ; round++) {
    const intent = `withdraw-prepare:${market}:${orderId}:${side}:${round}`
    const underway = sender.join(intent, how)
    if (underway !== null) await underway
    const order = await readOrder(rpc.client, { market, orderId })
    const standing = side === 'user' ? order.userPrepare : order.minerPrepare
    if (standing === null) return
    if (underway !== null) continue
    const call = prepareCall(market, orderId, side, null)
    await sender.send(
      { intent, account: operator, call, subject: `order:${orderId}`, retryFailed: true },
      how,
    )
  }
}
