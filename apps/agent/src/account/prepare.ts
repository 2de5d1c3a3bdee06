import { prepareCall, type Side } from '@dmc/core/chain/acts/prepare'
import { readOrder } from '@dmc/core/chain/read-order'
import { type Commitment, OPERATOR_SCOPES, type OrderOnChain } from '@dmc/core/chain/types'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { FINAL_ORDER_STATES } from '@dmc/core/market/states'
import { formatSize } from '@dmc/core/units/format-size'
import type { SendOptions, TransactionResult } from '../chain/transaction-types.ts'
import type { AccountContext } from './context.ts'
import { operatorAllowed } from './operator-allowed.ts'

export type PrepareContext = Pick<
  AccountContext,
  'rpc' | 'market' | 'operator' | 'reader' | 'sender' | 'journal'
>

/**
 * States this side's commitment on chain with the operator key (flow 7 for the user, flow 10 for the miner) and resolves when it is
 * confirmed. Harmless to repeat: null when the chain already says so, and the same wish after a restart is the same transaction.
 * @throws ORDER_STATE, NOT_OPERATOR, OPERATOR_EXPIRED, NO_GAS, MARKET_*; everything that `send` throws
 */
export async function prepare(
  context: PrepareContext,
  orderId: bigint,
  side: Side,
  commitment: Commitment,
  how: SendOptions = {},
): Promise<TransactionResult | null> {
  const { sender, market, rpc, operator } = context
  const intent = (round: number) =>
    `prepare:${market}:${orderId}:${side}:${commitment.root}:${commitment.size}:${round}`
  for (let round = 0; ; round++) {
    const underway = sender.join(intent(round), how)
    const result = underway === null ? null : await underway
    // At a block that has our own statement in it, or a node that lags would have it stated twice.
    const head = await rpc.head(0)
    const blockNumber = result !== null && result.blockNumber > head ? result.blockNumber : head
    const order = await readOrder(rpc.client, { market, orderId, blockNumber })
    if (isStated(order, side, commitment, operator.address)) return result
    // It was stated in this round, and then restated or withdrawn: to state it again is a new wish.
    if (result !== null) continue
    mustTakeStatements(order)
    await operatorAllowed(context, side === 'user' ? order.user : order.miner, OPERATOR_SCOPES.PREPARE)
    const call = prepareCall(market, orderId, side, commitment)
    const subject = `order:${orderId}`
    const sent = await sender.send(
      { intent: intent(round), account: operator, call, subject, retryFailed: true },
      how,
    )
    context.journal.add({
      event: 'prepared',
      subject,
      message: `Stated on chain as ${side}: ${formatSize(commitment.size)} with root ${commitment.root}.`,
      data: { orderId, side, ...commitment, hash: sent.hash },
    })
    return sent
  }
}

/** Does the chain say it already: as the commitment in force, or as this side's standing statement by a key that is still ours? */
export function isStated(order: OrderOnChain, side: Side, commitment: Commitment, operator: string): boolean {
  const same = (other: Commitment | null) => other?.root === commitment.root && other.size === commitment.size
  const mine = side === 'user' ? order.userPrepare : order.minerPrepare
  const owner = side === 'user' ? order.user : order.miner
  const ours = [owner, operator].some((key) => key.toLowerCase() === mine?.signer.toLowerCase())
  if (mine !== null && ours) return same(mine)
  return same(order.commitment)
}

function mustTakeStatements(order: OrderOnChain): void {
  if (!FINAL_ORDER_STATES.includes(order.state)) return
  if (order.state === 'refused') {
    // the refusal overtook our statement (flow 8): the user is told that, not that its statement failed
    throw new DmcError(
      'ORDER_REFUSED',
      `The miner refused order ${order.orderId}; escrow and reserve are back in your credit.`,
      {
        hint: 'Take another bill: dmc-agent order create; the reason is in the journal (dmc-agent journal).',
      },
    )
  }
  throw new DmcError(
    'ORDER_STATE',
    `Order ${order.orderId} is ${order.state}; it takes no statement any more.`,
    {
      hint: 'Nothing to do for this order; its money is settled by the Market.',
    },
  )
}
