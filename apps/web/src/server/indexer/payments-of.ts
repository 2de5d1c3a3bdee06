import type { MarketEvent } from '@dmc/core/chain/decode-log'
import { BASIS, type MarketParameters } from '@dmc/core/market/parameters'
import type { BillRow, OrderRow, PaymentRow } from '@dmc/db/market/rows'
import { MissingRow } from './missing-row.ts'

export type PaymentKind =
  /** Paid in. */
  | 'escrow'
  | 'reserve'
  | 'pledge'
  /** Credited. */
  | 'refund'
  | 'pledge-freed'
  | 'earned'
  | 'bond-won'
  | 'compensation'
  | 'reward'
  /** Gone: burned of the miner's pledge. */
  | 'burned'
  | 'withdrawn'

interface Movement {
  account: string
  kind: PaymentKind
  amount: bigint
  /** What it does to the account's credit. */
  sign: 1n | 0n | -1n
}

/** Who paid and got what by an event (IMarketEvents: credit = sum of what was freed, refunded, claimed, paid - sum of Withdrawn). */
export function paymentsOf(
  event: MarketEvent,
  about: { timestamp: bigint; bill: BillRow | null; order: OrderRow | null; parameters: MarketParameters },
): PaymentRow[] {
  const { blockNumber, logIndex, transactionHash } = event
  return movements(event, about)
    .filter(({ amount }) => amount !== 0n)
    .map(({ account, kind, amount, sign }, part) => ({
      blockNumber,
      logIndex,
      part,
      account,
      kind,
      amount,
      credit: amount * sign,
      billId: about.bill?.billId ?? about.order?.billId ?? null,
      orderId: about.order?.orderId ?? null,
      timestamp: about.timestamp,
      transactionHash,
    }))
}

/** `bill` and `order` are the rows before the event. */
function movements(
  event: MarketEvent,
  { bill, order, parameters }: { bill: BillRow | null; order: OrderRow | null; parameters: MarketParameters },
): Movement[] {
  const pays = (account: string, kind: PaymentKind, amount: bigint): Movement => ({
    account,
    kind,
    amount,
    sign: 0n,
  })
  const gets = (account: string, kind: PaymentKind, amount: bigint): Movement => ({
    account,
    kind,
    amount,
    sign: 1n,
  })
  switch (event.name) {
    case 'BillCreated':
      return [pays(event.args.miner, 'pledge', event.args.pledge)]
    case 'OrderCreated':
      return [
        pays(event.args.user, 'escrow', event.args.escrow),
        pays(event.args.user, 'reserve', event.args.reserve),
      ]
    case 'Withdrawn':
      return [{ account: event.args.account, kind: 'withdrawn', amount: event.args.amount, sign: -1n }]
    case 'BillShrunk':
    case 'BillCancelled':
      return [gets(known(bill, event).miner, 'pledge-freed', event.args.pledgeFreed)]
    case 'OrderRefused':
    case 'OrderCancelled': {
      const { user, miner, pledge } = known(order, event)
      const freed = event.args.capacityReturned ? 0n : pledge
      return [gets(user, 'refund', event.args.refund), gets(miner, 'pledge-freed', freed)]
    }
    case 'OrderExtended':
      return [pays(known(order, event).user, 'escrow', event.args.cost)]
    case 'OrderShortened':
      return [gets(known(order, event).user, 'refund', event.args.refund)]
    case 'ReserveToppedUp':
      return [pays(event.args.from, 'reserve', event.args.amount)]
    case 'ChallengeAnswered':
      return [gets(known(order, event).miner, 'bond-won', event.args.bond)]
    case 'Claimed':
      return [gets(known(order, event).miner, 'earned', event.args.amount)]
    case 'OrderSlashed': {
      const { user, miner, pledge } = known(order, event)
      const { toUser, rewardTo, reward, burned } = event.args
      const compensation = (pledge * parameters.userShare) / BASIS
      return [
        gets(user, 'refund', toUser - compensation),
        gets(user, 'compensation', compensation),
        gets(rewardTo, 'reward', reward),
        pays(miner, 'burned', burned),
      ]
    }
    case 'OrderEnded': {
      const { user, miner, pledge } = known(order, event)
      const { ending, toUser, toMiner } = event.args
      const share = ending === 1 ? (pledge * parameters.quitShare) / BASIS : 0n
      return [
        gets(user, 'refund', toUser - share),
        gets(user, 'compensation', share),
        gets(miner, 'earned', toMiner - (pledge - share)),
        gets(miner, 'pledge-freed', pledge - share),
      ]
    }
    default:
      return []
  }
}

function known<T>(row: T | null, event: MarketEvent): T {
  if (row === null) throw new MissingRow(event)
  return row
}
