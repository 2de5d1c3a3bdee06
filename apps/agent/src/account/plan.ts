import type { ChainCall } from '@dmc/core/chain/acts/market-call'
import type { SignedPermit } from '@dmc/core/chain/acts/permit'
import { revertDataIn, toReadError } from '@dmc/core/chain/chain-error'
import { decodeMarketError } from '@dmc/core/chain/market-errors'
import { readMoney } from '@dmc/core/chain/read-money'
import type { DmcError } from '@dmc/core/errors/dmc-error'
import type { Address, LocalAccount } from 'viem'
import { noGas, noToken } from '../chain/check-balances.ts'
import { estimateFees } from '../chain/estimate-fees.ts'
import type { AccountContext } from './context.ts'

type ErrorJson = ReturnType<DmcError['toJSON']>

/** What an act will do, shown before it is confirmed and sent. Money in token wei unless `Wei` is in the name. */
export interface Plan {
  /** Sentence for a person. */
  title: string
  wallet: Address
  /** Gas units; fee and value in wei of the chain's coin. Empty when there is nothing to do. */
  transactions: { name: string; to: Address; gas: bigint; feeWei: bigint; valueWei: bigint }[]
  cost?: bigint
  reserve?: bigint
  pledge?: bigint
  refund?: bigint
  /** Forwarded to this host's operator for its own transactions. */
  gasFloatWei?: bigint
  endsAt?: bigint
  token: { symbol: string; before: bigint; after: bigint; allowance: bigint }
  gas: { beforeWei: bigint; feeWei: bigint; afterWei: bigint }
  /** Extra facts in reading order. */
  facts: [string, string][]
  /** Why it can't be sent now; executing throws the first. */
  problems: ErrorJson[]
}

/** What a verb wants to send, before balances and gas are looked at. One transaction, or none. */
export interface Draft {
  title: string
  account: LocalAccount
  /** null: the chain says already what it should. `permit` is only asked for when `takes` exceeds the allowance. */
  call: ((permit: SignedPermit | null) => ChainCall) | null
  /** Tokens that leave the wallet. */
  takes?: bigint
  /** For acts that take no permit: allows exactly `takes`, in a transaction before, when the allowance does not suffice. */
  approve?: ChainCall
  /**
   * The bare act without permit, for the Market to judge its terms on the newest state: a missing allowance is then the last thing
   * that it complains of.
   */
  probe?: ChainCall
  /** Gas when it can't be estimated before a permit is signed. */
  gasGuess?: bigint
  money?: Pick<Plan, 'cost' | 'reserve' | 'pledge' | 'refund' | 'gasFloatWei' | 'endsAt'>
  facts?: [string, string][]
  problems?: DmcError[]
}

export interface Planned {
  plan: Plan
  draft: Draft
  /** The same as plan.problems, with their codes. */
  problems: DmcError[]
  /** The allowance does not suffice: the transaction carries a permit, or an approval goes before it. */
  needsPermit: boolean
}

/** An allowance that is written for the first time, and head room. */
const APPROVE_GAS = 100_000n
const NO_ALLOWANCE = 'MARKET_ERC20_INSUFFICIENT_ALLOWANCE'
const NO_BALANCE = 'MARKET_ERC20_INSUFFICIENT_BALANCE'

/** Looks at balances, gas and the Market's judgement; sends and signs nothing. @throws RPC_UNREACHABLE, RPC_BAD_ANSWER */
export async function makePlan(context: AccountContext, draft: Draft): Promise<Planned> {
  const { rpc, market, facts } = context
  const account = draft.account.address
  const takes = draft.takes ?? 0n
  const [money, fees] = await Promise.all([
    readMoney(rpc.client, { market, token: facts.token, account }),
    estimateFees(rpc.client),
  ])
  const needsPermit = takes > 0n && money.allowance < takes
  const problems = [...(draft.problems ?? [])]
  if (money.token < takes) problems.push(noToken(account, money.token, takes))

  const call = draft.call?.(null) ?? null
  const tried =
    call === null || problems.length > 0
      ? null
      : await tryCall(context, account, needsPermit ? (draft.probe ?? call) : call)
  const refused = tried?.error ?? null
  const missing = refused?.code === NO_ALLOWANCE || refused?.code === NO_BALANCE
  if (refused !== null && !(missing && takes > 0n)) problems.push(refused)
  const exact = needsPermit ? null : tried?.gas
  const gas = call === null ? 0n : (exact ?? draft.gasGuess ?? 300_000n)

  const feeWei = gas * fees.maxFeePerGas
  const valueWei = call?.value ?? 0n
  const approve = needsPermit && problems.length === 0 ? (draft.approve ?? null) : null
  const approveFee = APPROVE_GAS * fees.maxFeePerGas
  const before =
    approve === null
      ? null
      : { name: approve.name, to: approve.to, gas: APPROVE_GAS, feeWei: approveFee, valueWei: 0n }
  const allFees = feeWei + (before?.feeWei ?? 0n)
  if (money.gasWei < allFees + valueWei) problems.push(noGas(account, money.gasWei, allFees + valueWei))
  const plan: Plan = {
    title: draft.title,
    wallet: account,
    transactions: [
      ...(before === null ? [] : [before]),
      ...(call === null ? [] : [{ name: call.name, to: call.to, gas, feeWei, valueWei }]),
    ],
    ...draft.money,
    token: {
      symbol: facts.symbol,
      before: money.token,
      after: money.token - takes,
      allowance: money.allowance,
    },
    gas: { beforeWei: money.gasWei, feeWei: allFees, afterWei: money.gasWei - allFees - valueWei },
    facts: draft.facts ?? [],
    problems: problems.map((problem) => problem.toJSON()),
  }
  return { plan, draft, problems, needsPermit }
}

/** Gas of a call on the newest state, or what it would revert with. */
async function tryCall(
  context: AccountContext,
  account: Address,
  { to, data, value, name }: ChainCall,
): Promise<{ gas?: bigint; error: DmcError | null }> {
  try {
    const gas = await context.rpc.client.estimateGas({ account, to, data, value })
    return { gas: (gas * 5n) / 4n + 100_000n, error: null }
  } catch (error) {
    const revert = revertDataIn(error)
    // Nodes refuse an estimate for an account without coin; that is found out by its balance.
    if (revert === null && /insufficient funds/i.test(String(error))) return { error: null }
    if (revert === null) throw toReadError(error, `what ${name} would do`)
    return { error: decodeMarketError(revert) }
  }
}
