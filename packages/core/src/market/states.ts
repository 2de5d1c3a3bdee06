/** The state unions of the system, written once (design: words). Solidity, wire schemas and stores agree by test. */

export const SOURCE_STATES = ['hashing', 'stubbing', 'ready', 'changed', 'failed'] as const
export type SourceState = (typeof SOURCE_STATES)[number]

export const SECTOR_STATES = ['registered', 'billed', 'storing', 'draining', 'removed'] as const
export type SectorState = (typeof SECTOR_STATES)[number]

/** Index = the Market's `OrderState` value. */
export const ORDER_STATES = ['preparing', 'active', 'ended', 'cancelled', 'refused', 'slashed'] as const
export type OrderState = (typeof ORDER_STATES)[number]
export const FINAL_ORDER_STATES: readonly OrderState[] = ['ended', 'cancelled', 'refused', 'slashed']

/** The off-chain relation for one order. */
export const CONTRACT_STATES = ['applying', 'delivering', 'verifying', 'active', 'refused', 'closed'] as const
export type ContractState = (typeof CONTRACT_STATES)[number]

export const CHALLENGE_STATES = ['open', 'answered', 'failed'] as const
export type ChallengeState = (typeof CHALLENGE_STATES)[number]
