import { marketError } from '../../chain/market-error.ts'
import type { DmcError } from '../../errors/dmc-error.ts'
import { pledge } from '../pledge.ts'
import { type ActExplanation, type BillActInput, credits, NOTHING_MOVES, sameAddress } from './act.ts'
import { problemsOf } from './refusals.ts'
import { AS_CREDIT, gets, mib } from './words.ts'

/** Takes a bill off the Market. Its miner at any time, anyone when it has expired. */
export function explainCancelBill(input: BillActInput): ActExplanation {
  const { bill } = input
  const freed = bill.cancelled ? 0n : pledge(bill.price, bill.free, bill.pledgeRate)
  return {
    ...NOTHING_MOVES,
    title: `Cancel bill ${bill.billId}`,
    sentence: `The bill takes no more orders, and the pledge of what is unsold, ${gets(freed)}, comes back to the miner ${AS_CREDIT}; orders that were taken go on.`,
    facts: [
      ['Unsold', `${mib(bill.free)} of ${mib(bill.capacity)}`],
      ['Freed pledge', `${gets(freed)} ${AS_CREDIT}`],
      ['Orders', 'those that were taken go on, but can’t be extended'],
    ],
    credits: credits({ party: 'miner', to: bill.miner, amount: freed }),
    problems: problemsOf(refusal(input)),
  }
}

function refusal({ bill, now, by }: BillActInput): DmcError | null {
  if (bill.cancelled) return marketError('BillIsCancelled', bill.billId)
  if (sameAddress(by, bill.miner) || now > bill.expiresAt) return null
  return marketError('BillNotExpired', bill.expiresAt, now)
}
