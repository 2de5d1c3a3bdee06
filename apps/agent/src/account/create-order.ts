import { createOrderCall, openAsUserCall } from '@dmc/core/chain/acts/create-order'
import type { OrderTerms } from '@dmc/core/chain/acts/terms'
import { listBills } from '@dmc/core/chain/list-bills'
import { type BillOnChain, OPERATOR_SCOPES } from '@dmc/core/chain/types'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { wholeSteps } from '@dmc/core/market/capacity-for-source'
import { describeOrder, explainOrder, type OrderExplanation } from '@dmc/core/market/explain-order'
import { type BillMatch, matchBill, whyNot } from '@dmc/core/market/match-bill'
import { formatTokens } from '@dmc/core/units/format-tokens'
import type { Address } from 'viem'
import { type AccountContext, needWallet } from './context.ts'
import { type Executed, type Execution, executePlan } from './execute-plan.ts'
import { describeGrant, grantNeeded } from './operator-grant.ts'
import { makePlan, type Planned } from './plan.ts'

/** What the user wants (flow 6); token wei, capacity in MiB. */
export interface OrderWish {
  capacity: bigint
  weeks: number
  /** On-chain challenges that the reserve pays for. */
  challenges: number
  /** Per GiB-week. */
  maxPrice?: bigint
  minPledgeRate?: number
  maxBond?: bigint
  /** This bill; absent: the cheapest that fits. */
  billId?: bigint
  /** Only bills of this miner. */
  miner?: Address
  /** Not these: they hold a copy already, or failed. */
  exceptMiners?: readonly Address[]
}

export interface OrderPlan extends Planned {
  bill: BillOnChain
  terms: OrderTerms
  explanation: OrderExplanation
  /** Why this bill; null when it was named. */
  match: BillMatch | null
}

/** Measured: 330k with permit, grant and float. */
const GAS_WITH_PERMIT = 450_000n

/**
 * Finds the bill and says what the order means, what it takes and what stands against it (flows 6 and 7); sends nothing.
 * @throws NO_BILL_MATCHES, BILL_NOT_FOUND, BILL_NOT_OPEN, BILL_TOO_SMALL, BILL_TOO_DEAR, ORDER_TERMS, KEY_MISSING, RPC_*
 */
export async function planOrder(context: AccountContext, wish: OrderWish): Promise<OrderPlan> {
  const wallet = needWallet(context, 'An order')
  const { market, facts } = context
  const now = await context.reader.chainTime()
  const { bill, capacity, match } = await chooseBill(context, wallet.address, wish, now)
  const { weeks, challenges } = wish
  const explanation = explainOrder({ bill, capacity, weeks, challenges, now, parameters: facts.parameters })
  // Bound to what is shown: the Market refuses if the id means another bill by then.
  const terms: OrderTerms = {
    billId: bill.billId,
    expectedMiner: bill.miner,
    capacity,
    weeks,
    maxPrice: bill.price,
    minPledgeRate: bill.pledgeRate,
    maxBond: bill.bond,
    challenges,
  }
  const scopes = OPERATOR_SCOPES.PREPARE | OPERATOR_SCOPES.CHALLENGE
  const needed = await grantNeeded(context, wallet.address, scopes, explanation.latestEnd)
  const bare = createOrderCall(market, terms)
  const planned = await makePlan(context, {
    title: `Order ${capacity} MiB for ${weeks} weeks from ${bill.miner}, bill ${bill.billId}`,
    account: wallet,
    call: (permit) =>
      permit === null && needed === null ? bare : openAsUserCall(market, { permit, ...needed, order: terms }),
    probe: bare,
    takes: explanation.total,
    gasGuess: GAS_WITH_PERMIT,
    money: {
      cost: explanation.cost,
      reserve: explanation.reserve,
      pledge: explanation.pledge,
      endsAt: explanation.earliestEnd,
      ...(needed === null ? {} : { gasFloatWei: needed.gasFloatWei }),
    },
    facts: [
      ...describeOrder(explanation),
      ...(match === null ? [] : ([['Why this bill', match.reason]] as [string, string][])),
      ...(needed === null ? [] : describeGrant(needed)),
    ],
  })
  return { ...planned, bill, terms, explanation, match }
}

/**
 * Takes the order (flow 7): plans anew, and if it costs no more than was confirmed, sends one transaction: permit, operator and gas
 * float when they are needed, order.
 * @throws as planOrder; NO_TOKEN, NO_GAS, MARKET_*; everything that `send` throws
 */
export async function createOrder(
  context: AccountContext,
  wish: OrderWish & {
    /** What the person confirmed: escrow and reserve together. */
    maxCost?: bigint
  },
  execution: Execution,
): Promise<Executed & { orderId: bigint }> {
  const executed = await executePlan(
    context,
    () => planOrder(context, wish),
    execution,
    ({ explanation: { total } }) => {
      if (wish.maxCost === undefined || total <= wish.maxCost) return
      throw new DmcError(
        'BILL_TOO_DEAR',
        `The order would take ${formatTokens(total)}; ${formatTokens(wish.maxCost)} were confirmed.`,
        {
          hint: 'Look at the new price and confirm again.',
        },
      )
    },
  )
  const created = executed.result?.events.find((event) => event.name === 'OrderCreated')
  if (created === undefined) {
    throw new DmcError('BUG', `Transaction ${executed.result?.hash} created no order.`, {
      hint: 'Report this with the hash.',
    })
  }
  const { orderId, miner, billId } = created.args
  context.journal.add({
    event: 'order-created',
    subject: `order:${orderId}`,
    message: `Order ${orderId} was taken from bill ${billId} of ${miner}.`,
    data: { orderId, billId, miner, hash: executed.result?.hash },
  })
  return { ...executed, orderId }
}

async function chooseBill(
  context: AccountContext,
  user: Address,
  wish: OrderWish,
  now: bigint,
): Promise<{ bill: BillOnChain; capacity: bigint; match: BillMatch | null }> {
  const seen = { user, now, ...(wish.exceptMiners === undefined ? {} : { exceptMiners: wish.exceptMiners }) }
  if (wish.billId !== undefined) {
    const bill = await context.reader.bill(wish.billId)
    const capacity = wholeSteps(wish.capacity, bill.step)
    refuseUnfit(bill, capacity, wish, whyNot(bill, capacity, wish, seen), now)
    return { bill, capacity, match: null }
  }
  const blockNumber = await context.rpc.confirmedHead()
  const all = await listBills(context.rpc.client, { market: context.market, blockNumber })
  const wanted = wish.miner?.toLowerCase()
  const bills = wanted === undefined ? all : all.filter((bill) => bill.miner.toLowerCase() === wanted)
  const match = matchBill(bills, wish, seen)
  if (match.best === null) {
    throw new DmcError('NO_BILL_MATCHES', match.reason, {
      hint: 'Allow a higher price or less pledge, fewer or more weeks, or wait for new bills: dmc-agent market --all',
    })
  }
  return { bill: match.best.bill, capacity: match.best.capacity, match }
}

/** A named bill that does not fit: the code of its first reason, the sentence with all of them. */
function refuseUnfit(
  bill: BillOnChain,
  capacity: bigint,
  wish: OrderWish,
  reasons: string[],
  now: bigint,
): void {
  if (reasons.length === 0) return
  const code =
    bill.cancelled || bill.expiresAt < now
      ? 'BILL_NOT_OPEN'
      : bill.free < capacity
        ? 'BILL_TOO_SMALL'
        : wish.maxPrice !== undefined && bill.price > wish.maxPrice
          ? 'BILL_TOO_DEAR'
          : 'ORDER_TERMS'
  throw new DmcError(code, `Bill ${bill.billId} does not fit: ${reasons.join('; ')}.`, {
    hint: 'Change the terms, or choose another bill: dmc-agent market',
  })
}
