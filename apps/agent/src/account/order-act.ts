import { claimCall } from '@dmc/core/chain/acts/claim'
import { endCall } from '@dmc/core/chain/acts/end'
import { extendCall } from '@dmc/core/chain/acts/extend'
import { finishCall } from '@dmc/core/chain/acts/finish'
import type { ChainCall } from '@dmc/core/chain/acts/market-call'
import { quitCall } from '@dmc/core/chain/acts/quit'
import { refuseCall } from '@dmc/core/chain/acts/refuse'
import { shortenCall } from '@dmc/core/chain/acts/shorten'
import { slashCall } from '@dmc/core/chain/acts/slash'
import { approveCall } from '@dmc/core/chain/acts/token-call'
import { topUpCall } from '@dmc/core/chain/acts/top-up'
import { readBill } from '@dmc/core/chain/read-bill'
import { readOperator } from '@dmc/core/chain/read-operator'
import { readOrder } from '@dmc/core/chain/read-order'
import type { ActExplanation } from '@dmc/core/market/acts/act'
import { explainClaim } from '@dmc/core/market/acts/claim'
import { explainEnd } from '@dmc/core/market/acts/end'
import { explainExtend } from '@dmc/core/market/acts/extend'
import { explainFinish } from '@dmc/core/market/acts/finish'
import { explainQuit } from '@dmc/core/market/acts/quit'
import { explainRefuse } from '@dmc/core/market/acts/refuse'
import { explainShorten } from '@dmc/core/market/acts/shorten'
import { explainSlash } from '@dmc/core/market/acts/slash'
import { explainTopUp } from '@dmc/core/market/acts/top-up'
import type { Address } from 'viem'
import { type AccountContext, needWallet } from './context.ts'
import { type Executed, type Execution, executePlan } from './execute-plan.ts'
import { explainedDraft } from './explained-draft.ts'
import { makePlan, type Planned } from './plan.ts'

/** What can be done with an order that exists; amounts in token wei, times in unix seconds. */
export type OrderAct =
  | { kind: 'extend'; weeks: number; maxPrice?: bigint | undefined }
  | { kind: 'shorten'; weeks: number }
  /** How long the wish to end it stands, in seconds; 0: it is taken back. */
  | { kind: 'end'; seconds: bigint }
  | { kind: 'quit' }
  | { kind: 'top-up'; challenges: number }
  | { kind: 'claim' }
  | { kind: 'finish' }
  | { kind: 'refuse'; reason: string }
  | { kind: 'slash'; rewardTo?: Address | undefined }

/** These change nothing that is the sender's, so the host's own key may send them when the wallet is elsewhere. */
const ANYBODYS: readonly OrderAct['kind'][] = ['claim', 'finish', 'refuse', 'slash']

/**
 * Any act on an order, explained as the chain stands now. Problems that the Market would have are in the plan.
 * @throws ORDER_NOT_FOUND, KEY_MISSING, RPC_*
 */
export async function planOrderAct(
  context: AccountContext,
  orderId: bigint,
  act: OrderAct,
): Promise<Planned> {
  const { market, rpc, facts } = context
  const at = { market }
  const account =
    context.wallet ??
    (ANYBODYS.includes(act.kind) ? context.operator : needWallet(context, `To ${act.kind} an order`))
  const [order, now] = await Promise.all([readOrder(rpc.client, { ...at, orderId }), newestTime(context)])
  const { parameters } = facts
  const input = { order, parameters, now, by: account.address }
  const bill = () => readBill(rpc.client, { ...at, billId: order.billId })
  const explain = async (): Promise<[ActExplanation, ChainCall]> => {
    switch (act.kind) {
      case 'extend': {
        const maxPrice = act.maxPrice ?? order.price
        const explained = explainExtend({ ...input, bill: await bill(), weeks: act.weeks, maxPrice })
        return [explained, extendCall(market, orderId, act.weeks, maxPrice)]
      }
      case 'shorten':
        return [
          explainShorten({ ...input, bill: await bill(), weeks: act.weeks }),
          shortenCall(market, orderId, act.weeks),
        ]
      case 'end': {
        const validUntil = act.seconds === 0n ? 0n : now + act.seconds
        return [explainEnd({ ...input, validUntil }), endCall(market, orderId, validUntil)]
      }
      case 'quit':
        return [explainQuit(input), quitCall(market, orderId)]
      case 'top-up':
        return [
          explainTopUp({ ...input, challenges: act.challenges }),
          topUpCall(market, orderId, act.challenges),
        ]
      case 'claim':
        return [explainClaim(input), claimCall(market, orderId)]
      case 'finish':
        return [explainFinish(input), finishCall(market, orderId)]
      case 'refuse': {
        const [operator, offer] = await Promise.all([
          readOperator(rpc.client, { ...at, owner: order.miner, operator: account.address }),
          bill(),
        ])
        const explained = explainRefuse({ ...input, bill: offer, reason: act.reason, operator })
        return [explained, refuseCall(market, orderId, act.reason)]
      }
      case 'slash': {
        const rewardTo = act.rewardTo ?? context.wallet?.address ?? order.user
        const [ofUser, ofMiner] = await Promise.all(
          [order.user, order.miner].map((owner) =>
            readOperator(rpc.client, { ...at, owner, operator: rewardTo }),
          ),
        )
        const rewardIsOperatorOf = { user: ofUser?.scopes !== 0, miner: ofMiner?.scopes !== 0 }
        const explained = explainSlash({ ...input, market, rewardTo, rewardIsOperatorOf })
        return [explained, slashCall(market, orderId, rewardTo)]
      }
    }
  }
  const [explained, call] = await explain()
  return makePlan(context, explainedDraft({ account, explained, call, approve: approveOf(context) }))
}

export function orderAct(
  context: AccountContext,
  orderId: bigint,
  act: OrderAct,
  execution: Execution,
): Promise<Executed> {
  return executePlan(context, () => planOrderAct(context, orderId, act), {
    subject: `order:${orderId}`,
    ...execution,
  })
}

/** Of the newest block: what the next block is at least. Unix seconds. */
export const newestTime = (context: AccountContext): Promise<bigint> => context.reader.chainTime()

/** How the Market gets an allowance for acts that take no permit. */
export const approveOf =
  ({ facts, market }: AccountContext) =>
  (amount: bigint): ChainCall =>
    approveCall(facts.token, market, amount)
