import { marketError } from '../../chain/market-error.ts'
import { OPERATOR_SCOPES, type OperatorOnChain } from '../../chain/types.ts'
import type { DmcError } from '../../errors/dmc-error.ts'
import { ORDER_STATES, type OrderState } from '../states.ts'
import { type OrderActInput, sameAddress } from './act.ts'

/** What the Market would revert with; null: it would not. The checks and their order are the contract's own. */
type Refusal = DmcError | null

export function wrongState(order: OrderActInput['order'], expected: OrderState): Refusal {
  if (order.state === expected) return null
  return marketError('WrongState', ORDER_STATES.indexOf(expected), ORDER_STATES.indexOf(order.state))
}

/** While a challenge is open, late or not, nothing else acts on the order. */
export function frozen({ orderId, challenge }: OrderActInput['order']): Refusal {
  return challenge === null ? null : marketError('ChallengeOpen', orderId, challenge.deadline)
}

/** Not an active order that is not over yet. */
export function notRunning({ order, now }: OrderActInput): Refusal {
  return (
    frozen(order) ??
    wrongState(order, 'active') ??
    (now > order.endsAt ? marketError('OrderOver', order.endsAt, now) : null)
  )
}

export function notOwner(owner: OrderActInput['by'], by: OrderActInput['by']): Refusal {
  return sameAddress(owner, by) ? null : marketError('NotOwner', owner, by)
}

/** Neither the owner nor its operator with this scope. `operator`: what `owner` has granted to `by`; null: nothing. */
export function notAuthorised(
  owner: OrderActInput['by'],
  { by, now }: Pick<OrderActInput, 'by' | 'now'>,
  scope: keyof typeof OPERATOR_SCOPES,
  operator: OperatorOnChain | null,
): Refusal {
  if (sameAddress(owner, by)) return null
  if (operator === null || operator.scopes === 0) return marketError('OperatorUnknown', owner, by)
  if (now > operator.expiresAt) return marketError('OperatorExpired', operator.expiresAt, now)
  const required = OPERATOR_SCOPES[scope]
  if ((operator.scopes & required) !== 0) return null
  return marketError('OperatorScope', BigInt(required), BigInt(operator.scopes))
}

/** As an explanation carries it. */
export function problemsOf(refusal: Refusal): DmcError[] {
  return refusal === null ? [] : [refusal]
}
