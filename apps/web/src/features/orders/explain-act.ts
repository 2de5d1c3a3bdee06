import { cancelBillCall } from '@dmc/core/chain/acts/cancel-bill'
import { cancelOrderCall } from '@dmc/core/chain/acts/cancel-order'
import { challengeCall } from '@dmc/core/chain/acts/challenge'
import { claimCall } from '@dmc/core/chain/acts/claim'
import { endCall } from '@dmc/core/chain/acts/end'
import { extendCall } from '@dmc/core/chain/acts/extend'
import { finishCall } from '@dmc/core/chain/acts/finish'
import type { ChainCall } from '@dmc/core/chain/acts/market-call'
import { quitCall } from '@dmc/core/chain/acts/quit'
import { refuseCall } from '@dmc/core/chain/acts/refuse'
import { shortenCall } from '@dmc/core/chain/acts/shorten'
import { shrinkBillCall } from '@dmc/core/chain/acts/shrink-bill'
import { slashCall } from '@dmc/core/chain/acts/slash'
import { topUpCall } from '@dmc/core/chain/acts/top-up'
import { withdrawCall } from '@dmc/core/chain/acts/withdraw'
import type { BillOnChain } from '@dmc/core/chain/types'
import type { ActExplanation, OrderActInput } from '@dmc/core/market/acts/act'
import { explainCancelBill } from '@dmc/core/market/acts/cancel-bill'
import { explainCancelOrder } from '@dmc/core/market/acts/cancel-order'
import { explainChallenge } from '@dmc/core/market/acts/challenge'
import { explainClaim } from '@dmc/core/market/acts/claim'
import { explainEnd } from '@dmc/core/market/acts/end'
import { explainExtend } from '@dmc/core/market/acts/extend'
import { explainFinish } from '@dmc/core/market/acts/finish'
import { explainQuit } from '@dmc/core/market/acts/quit'
import { explainRefuse } from '@dmc/core/market/acts/refuse'
import { explainShorten } from '@dmc/core/market/acts/shorten'
import { explainShrinkBill } from '@dmc/core/market/acts/shrink-bill'
import { explainSlash } from '@dmc/core/market/acts/slash'
import { explainTopUp } from '@dmc/core/market/acts/top-up'
import { explainWithdraw } from '@dmc/core/market/acts/withdraw'
import type { Address } from 'viem'
import type { ChainConfig } from '../../lib/chain-config.tsx'
import type { OrderAct } from './acts-of.ts'

export type Bill = Omit<BillOnChain, 'endpoint' | 'previousOfMiner'>

/** What an act is about: an order with its bill, a bill, or the wallet's credit. */
export type ActSubject =
  | { act: OrderAct; order: OrderActInput['order']; leaf?: bigint }
  | { act: 'cancelBill' | 'shrinkBill'; bill: Bill }
  | { act: 'withdraw'; credit: bigint }

/** What a person fills in; which of them, depends on the act. */
export interface Wish {
  weeks: string
  challenges: string
  days: string
  reason: string
  leaf: string
  mib: string
}

export interface Review {
  explained: ActExplanation
  button: string
  call: ChainCall
}

interface At {
  config: ChainConfig
  owner: Address
  /** Of the chain, unix seconds. */
  now: bigint
}

const DAY = 86_400n

/**
 * An act in plain words and figures, and the transaction that does it.
 * @param at.bill of the order; the Market has the last word on all of it
 * @returns null when what was filled in is not a number
 */
export function reviewAct(subject: ActSubject, wish: Wish, at: At & { bill: Bill | null }): Review | null {
  const { config, owner, now } = at
  const { market, parameters } = config
  if ('credit' in subject) {
    const { credit } = subject
    return {
      explained: explainWithdraw({ account: owner, credit }),
      button: 'Withdraw',
      call: withdrawCall(market, owner),
    }
  }
  if ('bill' in subject) {
    const { bill } = subject
    const input = { bill, now, by: owner }
    if (subject.act === 'cancelBill') {
      return {
        explained: explainCancelBill(input),
        button: 'Cancel the bill',
        call: cancelBillCall(market, bill.billId),
      }
    }
    const capacity = whole(wish.mib)
    if (capacity === null) return null
    return {
      explained: explainShrinkBill({ ...input, capacity }),
      button: 'Shrink the bill',
      call: shrinkBillCall(market, bill.billId, capacity),
    }
  }
  const { act, order } = subject
  if (at.bill === null) return null
  return reviewOrderAct({ order, parameters, now, by: owner }, { act, wish, bill: at.bill, market })
}

function reviewOrderAct(
  input: OrderActInput,
  { act, wish, bill, market }: { act: OrderAct; wish: Wish; bill: Bill; market: Address },
): Review | null {
  const { order, now, by } = input
  const { orderId } = order
  switch (act) {
    case 'extend': {
      const weeks = small(wish.weeks)
      if (weeks === null) return null
      const explained = explainExtend({ ...input, bill, weeks })
      return { explained, button: 'Extend the order', call: extendCall(market, orderId, weeks, order.price) }
    }
    case 'shorten': {
      const weeks = small(wish.weeks)
      if (weeks === null) return null
      const explained = explainShorten({ ...input, bill, weeks })
      return { explained, button: 'Shorten the order', call: shortenCall(market, orderId, weeks) }
    }
    case 'topUp': {
      const challenges = small(wish.challenges)
      if (challenges === null) return null
      const explained = explainTopUp({ ...input, challenges })
      return { explained, button: 'Top up the reserve', call: topUpCall(market, orderId, challenges) }
    }
    case 'end': {
      const days = small(wish.days)
      if (days === null) return null
      // by the minute, so that it is the same transaction for a while
      const validUntil = days === 0 ? 0n : (now / 60n) * 60n + BigInt(days) * DAY
      return {
        explained: explainEnd({ ...input, validUntil }),
        button: days === 0 ? 'Take the wish back' : 'State the wish to end it',
        call: endCall(market, orderId, validUntil),
      }
    }
    case 'challenge': {
      const leafIndex = whole(wish.leaf)
      if (leafIndex === null) return null
      const explained = explainChallenge({ ...input, leafIndex })
      return { explained, button: 'Open the challenge', call: challengeCall(market, orderId, leafIndex) }
    }
    case 'claim':
      return { explained: explainClaim(input), button: 'Claim', call: claimCall(market, orderId) }
    case 'finish':
      return {
        explained: explainFinish(input),
        button: 'Finish the order',
        call: finishCall(market, orderId),
      }
    case 'slash':
      return {
        explained: explainSlash({ ...input, market, rewardTo: by }),
        button: 'Slash the pledge',
        call: slashCall(market, orderId, by),
      }
    case 'quit':
      return { explained: explainQuit(input), button: 'Give notice', call: quitCall(market, orderId) }
    case 'cancelOrder':
      return {
        explained: explainCancelOrder({ ...input, bill }),
        button: 'Cancel the order',
        call: cancelOrderCall(market, orderId),
      }
    case 'refuse':
      return {
        explained: explainRefuse({ ...input, bill, reason: wish.reason }),
        button: 'Refuse the order',
        call: refuseCall(market, orderId, wish.reason),
      }
  }
}

/** A whole number that a person typed; null for anything else. */
const whole = (text: string): bigint | null => (/^\d{1,15}$/.test(text.trim()) ? BigInt(text.trim()) : null)
/** The same, of a size that no one means to exceed. */
const small = (text: string): number | null => (/^\d{1,7}$/.test(text.trim()) ? Number(text.trim()) : null)
