import { marketError } from '../../chain/market-error.ts'
import type { OperatorOnChain } from '../../chain/types.ts'
import type { DmcError } from '../../errors/dmc-error.ts'
import { MARKET_LIMITS } from '../parameters.ts'
import { type ActExplanation, NOTHING_MOVES, type OrderActInput } from './act.ts'
import { frozen, notAuthorised, problemsOf, wrongState } from './refusals.ts'
import { type UndoBill, undo } from './undo.ts'
import { AS_CREDIT, gets } from './words.ts'

export interface RefuseInput extends OrderActInput {
  bill: UndoBill
  reason: string
  /** What the miner has granted to `by`; not needed for the miner itself. */
  operator?: OperatorOnChain | null
}

/** The miner says no to an order that is not active yet, with a reason that everybody can read. */
export function explainRefuse(input: RefuseInput): ActExplanation {
  const { order, bill, reason } = input
  const { refund, credits, facts } = undo(input, bill)
  return {
    ...NOTHING_MOVES,
    title: `Refuse order ${order.orderId}`,
    sentence: `The miner does not take the order: all ${gets(refund)} that it holds go back to the user ${AS_CREDIT}, and the reason stays readable on the chain.`,
    facts: [['Reason', reason === '' ? 'none' : reason], ...facts],
    credits,
    problems: problemsOf(refusal(input)),
  }
}

function refusal(input: RefuseInput): DmcError | null {
  const { order, reason } = input
  const not =
    frozen(order) ??
    wrongState(order, 'preparing') ??
    notAuthorised(order.miner, input, 'REFUSE', input.operator ?? null)
  if (not !== null) return not
  const bytes = new TextEncoder().encode(reason).length
  const { reasonBytes } = MARKET_LIMITS
  return bytes > reasonBytes ? marketError('TextTooLong', BigInt(reasonBytes), BigInt(bytes)) : null
}
