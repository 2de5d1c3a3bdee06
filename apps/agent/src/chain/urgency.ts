import type { Fees } from './estimate-fees.ts'

/** For a transaction that is worth something only until a time: how long, and how much its gas may cost. */
export interface Urgency {
  /** Unix seconds of chain time: in a later block it would do nothing, so it is not sent any more. */
  deadline: bigint
  /** Seconds from the beginning of its time to the deadline. */
  window: bigint
  /** Most wei for its gas in all: what is at stake. */
  mostWei: bigint
}

export const encodeUrgency = (urgency: Urgency | null): string | null =>
  urgency === null
    ? null
    : JSON.stringify({
        deadline: String(urgency.deadline),
        window: String(urgency.window),
        mostWei: String(urgency.mostWei),
      })

export function decodeUrgency(text: unknown): Urgency | null {
  if (typeof text !== 'string') return null
  const { deadline, window, mostWei } = JSON.parse(text) as Record<keyof Urgency, string>
  return { deadline: BigInt(deadline), window: BigInt(window), mostWei: BigInt(mostWei) }
}

/** How much of its time is left: 1 at its beginning, 0 at the deadline and after it. */
export function timeLeft({ deadline, window }: Urgency, now: bigint): number {
  if (now >= deadline || window <= 0n) return 0
  return Math.min(1, Number(deadline - now) / Number(window))
}

export const isLate = ({ deadline }: Urgency, now: bigint): boolean => now > deadline

/** Eighths by which a fee that did not get in is raised: nodes ask for 10 %; with less time left the steps are longer. */
export function boldness(left: number): bigint {
  if (left > 0.5) return 9n
  if (left > 0.25) return 12n
  return 16n
}

/** Milliseconds after which more is offered: a sixteenth of what is left, at most what others wait, at least three looks. */
export function patience(
  urgency: Urgency,
  now: bigint,
  how: { otherwiseMs: number; pollMs: number },
): number {
  const leftMs = Math.max(0, Number(urgency.deadline - now)) * 1000
  return Math.min(how.otherwiseMs, Math.max(how.pollMs * 3, leftMs / 16))
}

/** The first offer: with little time left more than what is usual now; never more than what is at stake. */
export function urgentFees(today: Fees, urgency: Urgency, now: bigint, gas: bigint): Fees {
  const more = boldness(timeLeft(urgency, now))
  const raised = (fee: bigint) => (more === 9n ? fee : (fee * more) / 8n)
  const cap = urgency.mostWei / gas
  const maxFeePerGas = smaller(raised(today.maxFeePerGas), cap)
  return { maxFeePerGas, maxPriorityFeePerGas: smaller(raised(today.maxPriorityFeePerGas), maxFeePerGas) }
}

const smaller = (a: bigint, b: bigint) => (a < b ? a : b)
