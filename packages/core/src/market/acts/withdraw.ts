import type { Address } from 'viem'
import { marketError } from '../../chain/market-error.ts'
import { type ActExplanation, NOTHING_MOVES } from './act.ts'
import { gets } from './words.ts'

/** The whole credit of an account, to that account. Anyone may send it. */
export function explainWithdraw({ account, credit }: { account: Address; credit: bigint }): ActExplanation {
  return {
    ...NOTHING_MOVES,
    title: `Withdraw ${gets(credit)} to ${account}`,
    sentence: `Pays everything that the Market owes ${account}, ${gets(credit)}, to that wallet.`,
    facts: [
      ['Credit', gets(credit)],
      ['To', account],
    ],
    pays: credit === 0n ? null : { to: account, amount: credit },
    problems: credit === 0n ? [marketError('NothingToWithdraw', account)] : [],
  }
}
