/**
 * What a check of an order came to, kept apart because they mean different things: `wrong` is an answer that the commitment
 * disproves, `refused` a miner that is there and does not answer, `offline` one that can't be reached, `unknown` a check that could
 * not be judged.
 */
export const CHECK_OUTCOMES = ['passed', 'wrong', 'refused', 'offline', 'unknown'] as const
export type CheckOutcome = (typeof CHECK_OUTCOMES)[number]
