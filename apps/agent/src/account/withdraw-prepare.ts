import { prepareCall, type Side } from '@dmc/core/chain/acts/prepare'
import { readOrder } from '@dmc/core/chain/read-order'
import type { OrderOnChain } from '@dmc/core/chain/types'
import type { SendOptions, TransactionResult } from '../chain/transaction-types.ts'
import type { PrepareContext } from './prepare.ts'

/**
 * Takes this side's statement back (root 0, size 0) and resolves when that is confirmed (docs/decisions/0001), with the
 * order as it is then. What was on its way before is waited for first, since it has the lower nonce. Sends nothing when
 * nothing stands.
 * @throws NOT_OPERATOR, NO_GAS, MARKET_*; everything that `send` throws
 */
export async function withdrawPrepare(
  context: PrepareContext,
  orderId: bigint,
  side: Side,
  how: SendOptions = {},
): Promise<OrderOnChain> {
  const { sender, market, rpc, operator } = context
  /** A block that has all of our own statements so far: a node that lags must not say that none stands. */
  let ours = 0n
  const after = ({ blockNumber }: TransactionResult) => {
    if (blockNumber > ours) ours = blockNumber
  }
  const open = sender
    .pending()
    .filter(({ intent }) => intent.startsWith(`prepare:${market}:${orderId}:${side}:`))
  for (const { intent } of open) {
    try {
      const result = await sender.join(intent, how)
      if (result !== null) after(result)
    } catch (error) {
      // one that failed states nothing
      if (sender.find(intent) !== null) throw error
    }
  }
  for (let round = 0; ; round++) {
    const intent = `withdraw-prepare:${market}:${orderId}:${side}:${round}`
    const underway = sender.join(intent, how)
    if (underway !== null) after(await underway)
    const head = await rpc.head(0)
    const blockNumber = ours > head ? ours : head
    const order = await readOrder(rpc.client, { market, orderId, blockNumber })
    const standing = side === 'user' ? order.userPrepare : order.minerPrepare
    if (standing === null) return order
    if (underway !== null) continue
    const call = prepareCall(market, orderId, side, null)
    after(
      await sender.send(
        { intent, account: operator, call, subject: `order:${orderId}`, retryFailed: true },
        how,
      ),
    )
  }
}
