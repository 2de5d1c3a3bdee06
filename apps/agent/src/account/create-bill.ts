import { createBillCall, openAsMinerCall } from '@dmc/core/chain/acts/create-bill'
import type { BillTerms } from '@dmc/core/chain/acts/terms'
import { OPERATOR_SCOPES } from '@dmc/core/chain/types'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { MIB } from '@dmc/core/market/capacity-for-source'
import { pledge } from '@dmc/core/market/pledge'
import { parseEndpoint } from '@dmc/core/protocol/endpoint'
import { formatSize } from '@dmc/core/units/format-size'
import { formatTime } from '@dmc/core/units/format-time'
import { formatTokens } from '@dmc/core/units/format-tokens'
import { type AccountContext, needWallet } from './context.ts'
import { type Executed, type Execution, executePlan } from './execute-plan.ts'
import { describeGrant, grantNeeded } from './operator-grant.ts'
import { makePlan, type Planned } from './plan.ts'

/** What the miner offers (flow 2); the bill's own endpoint is set with it when given. */
export interface BillWish extends Omit<BillTerms, 'expiresAt'> {
  /** The bill is open for so many weeks from now. */
  openWeeks: number
  endpoint?: string
}

export interface BillPlan extends Planned {
  terms: BillTerms
  pledge: bigint
}

/** Measured: 340k with permit, grant, float and endpoint. */
const GAS_WITH_PERMIT = 480_000n

/** Says what a bill locks and binds to (flow 3); sends nothing. @throws KEY_MISSING, ENDPOINT_INVALID, RPC_* */
export async function planBill(context: AccountContext, wish: BillWish): Promise<BillPlan> {
  const wallet = needWallet(context, 'A bill')
  if (wish.endpoint !== undefined) parseEndpoint(wish.endpoint)
  const { market, facts } = context
  const { openWeeks, endpoint, ...offer } = wish
  const now = await context.reader.chainTime()
  const expiresAt = now + BigInt(openWeeks) * facts.parameters.week
  const terms: BillTerms = { ...offer, expiresAt }
  const locked = pledge(terms.price, terms.capacity, terms.pledgeRate)
  // Orders taken in the bill's last second may run for its most weeks; the operator must be able to serve them.
  const until = expiresAt + facts.parameters.prepareWindow + BigInt(terms.maxWeeks) * facts.parameters.week
  const scopes = OPERATOR_SCOPES.PREPARE | OPERATOR_SCOPES.REFUSE | OPERATOR_SCOPES.ENDPOINT
  const needed = await grantNeeded(context, wallet.address, scopes, until)
  const bare = createBillCall(market, terms)
  const planned = await makePlan(context, {
    title: `Offer ${formatSize(terms.capacity * MIB)} for ${formatTokens(terms.price)} per GiB-week`,
    account: wallet,
    call: (permit) =>
      permit === null && needed === null && endpoint === undefined
        ? bare
        : openAsMinerCall(market, {
            permit,
            ...needed,
            bill: terms,
            ...(endpoint === undefined ? {} : { endpoint }),
          }),
    probe: bare,
    takes: locked,
    gasGuess: GAS_WITH_PERMIT,
    money: { pledge: locked, ...(needed === null ? {} : { gasFloatWei: needed.gasFloatWei }) },
    facts: [
      ['Capacity', `${formatSize(terms.capacity * MIB)}, sold in steps of ${formatSize(terms.step * MIB)}`],
      ['Price', `${formatTokens(terms.price)} per GiB-week`],
      [
        'Pledge',
        `${formatTokens(locked, { round: 'up' })}, ${terms.pledgeRate} times a week’s price; lost if a challenge is not answered`,
      ],
      ['Orders', `${terms.minWeeks} to ${terms.maxWeeks} weeks, taken until ${formatTime(expiresAt)}`],
      ['Challenges', `each pays ${formatTokens(terms.bond)} when it is answered`],
      ...(endpoint === undefined ? [] : ([['Endpoint', endpoint]] as [string, string][])),
      ...(needed === null ? [] : describeGrant(needed)),
    ],
  })
  return { ...planned, terms, pledge: locked }
}

/**
 * Publishes the bill (flow 3) in one transaction: permit, operator and gas float when they are needed, bill, endpoint.
 * @throws as planBill; NO_TOKEN, NO_GAS, MARKET_*; everything that `send` throws
 */
export async function createBill(
  context: AccountContext,
  wish: BillWish,
  execution: Execution,
): Promise<Executed & { billId: bigint }> {
  const executed = await executePlan(context, () => planBill(context, wish), execution)
  const created = executed.result?.events.find((event) => event.name === 'BillCreated')
  if (created === undefined) {
    throw new DmcError('BUG', `Transaction ${executed.result?.hash} created no bill.`, {
      hint: 'Report this with the hash.',
    })
  }
  const { billId, capacity, pledge: locked } = created.args
  context.journal.add({
    event: 'bill-created',
    subject: `bill:${billId}`,
    message: `Bill ${billId} offers ${formatSize(capacity * MIB)}; ${formatTokens(locked)} are pledged.`,
    data: { billId, hash: executed.result?.hash },
  })
  return { ...executed, billId }
}
