import type { Address } from 'viem'
import type { BillOnChain, OrderOnChain } from '../../chain/types.ts'
import type { DmcError } from '../../errors/dmc-error.ts'
import type { MarketParameters } from '../parameters.ts'

/** Whose money it is, in an order's or bill's terms. */
export type Party = 'user' | 'miner' | 'reporter' | 'account'

/** Token wei that the Market will owe `to` more than before, until it is withdrawn. Never 0. */
export interface Credit {
  party: Party
  to: Address
  amount: bigint
}

/** What an act will do, as a person reads it before signing. All money in token wei, exact for a block at `now`. */
export interface ActExplanation {
  title: string
  /** One sentence in plain words, with amounts and dates. */
  sentence: string
  /** Label and text, in reading order. */
  facts: [label: string, text: string][]
  /** Out of the signer's wallet, which the Market must be allowed to take. */
  takes: bigint
  credits: Credit[]
  /** Straight to a wallet. */
  pays: { to: Address; amount: bigint } | null
  /** Destroyed for good. */
  burns: bigint
  /** The order's last second after the act; null when the act does not leave a running order. */
  endsAt: bigint | null
  /**
   * Why the Market would refuse the act at `now`, with the code that it would revert with. Wallet balance, allowance and gas
   * are not looked at.
   */
  problems: DmcError[]
}

/** An order as the chain has it, chain time in unix seconds, and the wallet or operator that would send the act. */
export interface OrderActInput {
  order: Omit<OrderOnChain, 'previousOfUser'>
  parameters: MarketParameters
  now: bigint
  by: Address
}

/** A bill as the chain has it, chain time in unix seconds, and the wallet that would send the act. */
export interface BillActInput {
  bill: Pick<
    BillOnChain,
    'billId' | 'miner' | 'capacity' | 'free' | 'step' | 'price' | 'pledgeRate' | 'expiresAt' | 'cancelled'
  >
  now: bigint
  by: Address
}

/** The parts that most acts leave empty. */
export const NOTHING_MOVES: Pick<ActExplanation, 'takes' | 'credits' | 'pays' | 'burns' | 'endsAt'> = {
  takes: 0n,
  credits: [],
  pays: null,
  burns: 0n,
  endsAt: null,
}

/** Only what is not 0: the Market credits nobody with nothing. */
export function credits(...all: Credit[]): Credit[] {
  return all.filter(({ amount }) => amount > 0n)
}

/** What the credits of one or several acts give `account`, together. */
export function creditedTo(all: readonly Credit[], account: Address): bigint {
  return all.reduce((sum, { to, amount }) => (sameAddress(to, account) ? sum + amount : sum), 0n)
}

/** Addresses of the chain and of people differ in capitals. */
export function sameAddress(a: Address, b: Address): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
