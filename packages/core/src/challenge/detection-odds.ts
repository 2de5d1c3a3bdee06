/** What is checked, and how often. */
export interface CheckRate {
  /** Leaves of the order under its commitment. */
  leaves: bigint
  checksPerDay: number
  /** Different leaves in one check. */
  leavesPerCheck: number
}

/** The odds that one check does not touch any of the lost leaves: leaves of one check are all different. */
export function missOdds(
  { leaves, leavesPerCheck }: Pick<CheckRate, 'leaves' | 'leavesPerCheck'>,
  loss: number,
): number {
  const all = Number(leaves)
  if (all === 0 || leavesPerCheck === 0) return 1
  const lost = Math.min(all, Math.max(1, Math.ceil(all * loss)))
  const asked = Math.min(leavesPerCheck, all)
  let miss = 1
  for (let i = 0; i < asked; i++) miss *= Math.max(0, all - lost - i) / (all - i)
  return miss
}

/** How many checks notice a loss with `confidence`; null when none ever does. */
export function checksToNotice(
  rate: Pick<CheckRate, 'leaves' | 'leavesPerCheck'>,
  loss: number,
  confidence: number,
): number | null {
  const miss = missOdds(rate, loss)
  if (miss >= 1) return null
  if (miss <= 0) return 1
  return Math.max(1, Math.ceil(Math.log1p(-confidence) / Math.log(miss)))
}

/**
 * Hours within which a loss is noticed with at least `confidence`, whenever it happens: so many slots, and the rest of the one in which it
 * happened, whose check may have been before. null when it is not checked at all.
 */
export function hoursToNotice(rate: CheckRate, loss = 0.01, confidence = 0.99): number | null {
  const checks = checksToNotice(rate, loss, confidence)
  if (checks === null || rate.checksPerDay <= 0) return null
  return ((checks + 1) * 24) / rate.checksPerDay
}

/** "1 % loss would be noticed within 24 hours with 99 %." */
export function oddsSentence(rate: CheckRate, loss = 0.01, confidence = 0.99): string {
  const hours = hoursToNotice(rate, loss, confidence)
  const percent = (share: number) => `${Number((share * 100).toFixed(2))} %`
  if (hours === null) return `${percent(loss)} loss would not be noticed: nothing is checked.`
  return `${percent(loss)} loss would be noticed within ${timeText(hours)} with ${percent(confidence)}.`
}

function timeText(hours: number): string {
  if (hours <= 1) return 'an hour'
  if (hours <= 96) return `${Math.ceil(hours)} hours`
  return `${Math.ceil(hours / 24)} days`
}
