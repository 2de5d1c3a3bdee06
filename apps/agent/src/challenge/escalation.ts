import type { CheckOutcome } from '@dmc/core/challenge/outcomes'

/**
 * rechecking: it is asked again before anything is believed; asking: the owner is told and decides; opening: an on-chain challenge is on its
 * way; opened: it stands on chain, and the miner answers or is slashed.
 */
export type EscalationState = 'rechecking' | 'asking' | 'opening' | 'opened'

/** lost: a wrong answer, or the miner says that it has lost the data; absent: it gave no answer for long. */
export type EscalationCause = 'lost' | 'absent'

export interface Escalation {
  orderId: bigint
  state: EscalationState
  cause: EscalationCause
  /** The leaf that is asked again and challenged; null while it is not known which of `suspects` it is. */
  leaf: bigint | null
  suspects: bigint[]
  /** Unix ms of the failure that began it, of its last change, and when it is looked at next. */
  firstMs: number
  changedMs: number
  nextMs: number
  /** Re-checks that confirmed it. */
  rechecks: number
  /** For people: what was found, and what holds it up. */
  reason: string
  /** Of the transaction that opens the challenge. */
  intent: string | null
}

/** How long a miner has given no answer at all: since when, and in how many checks. */
export interface Absence {
  sinceMs: number | null
  count: number
}

/** What of a check matters here. */
export interface Judged {
  orderId: bigint
  atMs: number
  outcome: CheckOutcome
  lost: boolean
  failingLeaf: bigint | null
  suspects: readonly bigint[]
  /** Leaves that were proven, when it passed. */
  proven: readonly bigint[]
  /** What went wrong, for people. */
  message: string
}

export interface Step {
  escalation: Escalation | null
  absence: Absence
  /** decide: three re-checks have confirmed it, the policy says what follows; cleared: it was nothing, or it is over. */
  event: 'none' | 'suspected' | 'decide' | 'cleared'
}

/** Pauses before the re-checks. */
export const RECHECK_MS = [60_000, 120_000, 180_000] as const
export const RECHECKS = RECHECK_MS.length
/** A re-check that told nothing is made again after this. */
const AGAIN_MS = 300_000
/** Without any answer for so long, and in at least so many checks, a miner counts as gone rather than restarting. */
export const ABSENT_MS = 12 * 3_600_000
export const ABSENT_CHECKS = 24

/**
 * What one check changes. Nothing goes further by a single check: a loss must be confirmed by three re-checks of the very leaf over some
 * minutes, silence must have lasted half a day; and any proof of what is in question ends it.
 */
export function stepEscalation(current: Escalation | null, absence: Absence, check: Judged): Step {
  switch (check.outcome) {
    case 'unknown':
      return { escalation: later(current, check.atMs), absence, event: 'none' }
    case 'passed':
      return afterPass(current, check)
    default: {
      const away = { sinceMs: absence.sinceMs ?? check.atMs, count: absence.count + 1 }
      // a wrong answer is an answer
      return check.lost
        ? afterLoss(current, check.outcome === 'wrong' ? NOT_AWAY : away, check)
        : afterSilence(current, away, check)
    }
  }
}

const NOT_AWAY: Absence = { sinceMs: null, count: 0 }

function afterPass(current: Escalation | null, { atMs, proven }: Judged): Step {
  const stays = { escalation: current, absence: NOT_AWAY, event: 'none' } as const
  if (current === null || current.state === 'opening' || current.state === 'opened') return stays
  const asked = current.leaf === null ? current.suspects : [current.leaf]
  // of a miner that was away any proof will do; of a lost leaf only that very leaf
  const answers =
    current.cause === 'absent' || (asked.length > 0 && asked.every((leaf) => proven.includes(leaf)))
  if (!answers) return { ...stays, escalation: later(current, atMs) }
  return { escalation: null, absence: NOT_AWAY, event: 'cleared' }
}

function afterLoss(current: Escalation | null, absence: Absence, check: Judged): Step {
  const { orderId, atMs, failingLeaf, suspects, message } = check
  if (current?.state === 'opening' || current?.state === 'opened')
    return { escalation: current, absence, event: 'none' }
  if (current === null || current.cause === 'absent') {
    const escalation: Escalation = {
      orderId,
      state: 'rechecking',
      cause: 'lost',
      leaf: failingLeaf,
      suspects: [...suspects],
      firstMs: atMs,
      changedMs: atMs,
      nextMs: atMs + RECHECK_MS[0],
      rechecks: 0,
      reason: message,
      intent: null,
    }
    return { escalation, absence, event: 'suspected' }
  }
  const known = { ...current, leaf: current.leaf ?? failingLeaf, suspects: [...suspects], reason: message }
  return confirmed(known, absence, atMs)
}

function afterSilence(current: Escalation | null, absence: Absence, check: Judged): Step {
  const { orderId, atMs, suspects, message } = check
  const since = absence.sinceMs ?? atMs
  const long = atMs - since >= ABSENT_MS && absence.count >= ABSENT_CHECKS
  if (current?.state === 'opening' || current?.state === 'opened')
    return { escalation: current, absence, event: 'none' }
  if (current === null) {
    if (!long) return { escalation: null, absence, event: 'none' }
    const escalation: Escalation = {
      orderId,
      state: 'rechecking',
      cause: 'absent',
      leaf: suspects[0] ?? null,
      suspects: [...suspects],
      firstMs: since,
      changedMs: atMs,
      nextMs: atMs + RECHECK_MS[0],
      rechecks: 0,
      reason: message,
      intent: null,
    }
    return { escalation, absence, event: 'suspected' }
  }
  if (current.cause === 'absent') return confirmed({ ...current, reason: message }, absence, atMs)
  // it was found out and is silent now: that is no second proof, but it does not end the matter
  return long
    ? confirmed(current, absence, atMs)
    : { escalation: later(current, atMs), absence, event: 'none' }
}

function confirmed(current: Escalation, absence: Absence, atMs: number): Step {
  const rechecks = current.rechecks + 1
  const leaf = current.leaf ?? (current.cause === 'absent' ? (current.suspects[0] ?? null) : null)
  const next = {
    ...current,
    leaf,
    rechecks,
    changedMs: atMs,
    nextMs: atMs + (RECHECK_MS[rechecks] ?? AGAIN_MS),
  }
  // which leaf it is must be known: only a leaf can be challenged
  if (rechecks < RECHECKS || leaf === null) return { escalation: next, absence, event: 'none' }
  return { escalation: next, absence, event: 'decide' }
}

function later(current: Escalation | null, atMs: number): Escalation | null {
  if (current?.state !== 'rechecking') return current
  return { ...current, nextMs: atMs + AGAIN_MS }
}
