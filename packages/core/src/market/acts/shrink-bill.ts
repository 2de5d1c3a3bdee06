import { marketError } from '../../chain/market-error.ts'
import type { DmcError } from '../../errors/dmc-error.ts'
import { pledge } from '../pledge.ts'
import { type ActExplanation, type BillActInput, credits, NOTHING_MOVES } from './act.ts'
import { notOwner, problemsOf } from './refusals.ts'
import { AS_CREDIT, gets, mib } from './words.ts'

export interface ShrinkBillInput extends BillActInput {
  /** MiB to take out, whole steps. */
  capacity: bigint
}

/** Takes unsold capacity out of a bill; it can't be put back. */
export function explainShrinkBill(input: ShrinkBillInput): ActExplanation {
  const { bill, capacity } = input
  const freed = pledge(bill.price, capacity, bill.pledgeRate)
  const left = bill.free > capacity ? bill.free - capacity : 0n
  return {
    ...NOTHING_MOVES,
    title: `Shrink bill ${bill.billId} by ${mib(capacity)}`,
    sentence: `Takes ${mib(capacity)} that nobody has ordered out of the bill, for good, and their pledge, ${gets(freed)}, comes back to the miner ${AS_CREDIT}.`,
    facts: [
      ['Unsold now', mib(bill.free)],
      ['Unsold then', mib(left)],
      ['Freed pledge', `${gets(freed)} ${AS_CREDIT}`],
    ],
    credits: credits({ party: 'miner', to: bill.miner, amount: freed }),
    problems: problemsOf(refusal(input)),
  }
}

function refusal({ bill, capacity, by }: ShrinkBillInput): DmcError | null {
  const not = notOwner(bill.miner, by)
  if (not !== null) return not
  if (bill.cancelled) return marketError('BillIsCancelled', bill.billId)
  if (capacity === 0n) return marketError('ZeroCapacity')
  if (capacity % bill.step !== 0n) return marketError('NotMultiple', bill.step, capacity)
  return capacity > bill.free ? marketError('NotEnoughCapacity', bill.free, capacity) : null
}
