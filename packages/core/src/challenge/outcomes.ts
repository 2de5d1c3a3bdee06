/**
 * What came of one off-chain challenge (a *check*), kept apart for good: `passed` every leaf proven; `wrong` a signed answer that does
 * not prove; `refused` the miner itself said no; `offline` nobody who speaks for the miner answered; `unknown` this host could not
 * tell, by its own chain, network, clock or key, or because the commitment has just changed. Only the miner's fault is ever held
 * against it.
 */
export const CHECK_OUTCOMES = ['passed', 'wrong', 'refused', 'offline', 'unknown'] as const
export type CheckOutcome = (typeof CHECK_OUTCOMES)[number]
