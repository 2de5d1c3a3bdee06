import { marketError } from '../../chain/market-error.ts'
import type { DmcError } from '../../errors/dmc-error.ts'
import { type ActExplanation, NOTHING_MOVES, type OrderActInput, sameAddress } from './act.ts'
import { frozen, problemsOf, wrongState } from './refusals.ts'
import { type UndoBill, undo } from './undo.ts'
import { AS_CREDIT, gets } from './words.ts'

export interface CancelOrderInput extends OrderActInput {
  bill: UndoBill
}

/** Calls off an order that is not active yet. Its user at any time, anyone when the prepare window is over. */
export function explainCancelOrder(input: CancelOrderInput): ActExplanation {
  const { order, bill } = input
  const { refund, credits, facts } = undo(input, bill)
  return {
    ...NOTHING_MOVES,
    title: `Cancel order ${order.orderId}`,
    sentence: `The order has not started and is called off: all ${gets(refund)} that it holds go back to the user ${AS_CREDIT}.`,
    facts,
    credits,
    problems: problemsOf(refusal(input)),
  }
}

function refusal({ order, parameters, now, by }: CancelOrderInput): DmcError | null {
  const not = frozen(order) ?? wrongState(order, 'preparing')
  if (not !== null) return not
  const deadline = order.createdAt + parameters.prepareWindow
  if (sameAddress(by, order.user) || now > deadline) return null
  return marketError('PrepareWindowOpen', deadline, now)
}
