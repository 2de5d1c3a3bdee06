import type { Address, Hex, PublicClient } from 'viem'
import { DmcError } from '../errors/dmc-error.ts'
import { ORDER_STATES } from '../market/states.ts'
import { revertIn, toReadError } from './chain-error.ts'
import { type MarketAt, type MarketViewReturn, readMarket } from './read-market.ts'
import type { Commitment, OrderOnChain, PrepareOnChain } from './types.ts'

type OrderView = MarketViewReturn<'getOrder'>

/**
 * An order by one eth_call of `getOrder`, at `blockNumber` or the newest block.
 * @throws ORDER_NOT_FOUND, RPC_UNREACHABLE, RPC_BAD_ANSWER
 */
export async function readOrder(
  client: PublicClient,
  at: MarketAt & { orderId: bigint },
): Promise<OrderOnChain> {
  let view: OrderView
  try {
    view = await readMarket(client, at, 'getOrder', [at.orderId])
  } catch (error) {
    if (revertIn(error)?.name === 'UnknownOrder') {
      throw new DmcError('ORDER_NOT_FOUND', `There is no order ${at.orderId} on the Market ${at.market}.`, {
        hint: 'Check the id: dmc-agent status lists your orders.',
      })
    }
    throw toReadError(error, `order ${at.orderId}`)
  }
  return toOrder(at.orderId, view)
}

function toOrder(orderId: bigint, view: OrderView): OrderOnChain {
  const state = ORDER_STATES[view.state]
  if (state === undefined) {
    throw new DmcError('RPC_BAD_ANSWER', `Order ${orderId} has the unknown state ${view.state}.`, {
      hint: 'The Market is newer than this agent: upgrade it (npx dmc-agent@latest).',
    })
  }
  return {
    orderId,
    billId: view.billId,
    user: view.user,
    miner: view.miner,
    state,
    capacity: view.capacity,
    weeks: view.weeks,
    price: view.price,
    pledgeRate: view.pledgeRate,
    bond: view.bond,
    createdAt: view.createdAt,
    start: view.start,
    endsAt: view.endsAt,
    escrow: view.escrow,
    reserve: view.reserve,
    pledge: view.pledge,
    claimed: view.claimed,
    claimable: view.claimable,
    noticeEndsAt: view.noticeEndsAt,
    endStatedByUser: view.endStatedByUser,
    endStatedByMiner: view.endStatedByMiner,
    nextChallengeAt: view.nextChallengeAt,
    challenge: view.challenge.deadline === 0n ? null : view.challenge,
    commitment: toCommitment(view.commitment),
    userPrepare: toPrepare(view.userPrepare),
    minerPrepare: toPrepare(view.minerPrepare),
    previousOfUser: view.previous,
  }
}

const toCommitment = ({ root, size }: { root: Hex; size: bigint }): Commitment | null =>
  size === 0n ? null : { root, size }

const toPrepare = (view: { root: Hex; size: bigint; signer: Address }): PrepareOnChain | null =>
  view.size === 0n ? null : { root: view.root, size: view.size, signer: view.signer }
