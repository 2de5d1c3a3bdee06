const DAY_MS = 86_400_000

/** Milliseconds of one slot: each holds one check, at a moment that nobody knows before. */
export const slotMs = (perDay: number): number => DAY_MS / perDay

/**
 * When an order is checked next: at an even random moment of the slot after the one that holds `now`. So there are as many checks as
 * slots, the number in any stretch of time is certain to one, and no moment is safe. What was slept through is not made up for
 * in a burst: the slots of it are gone.
 * @param phaseMs where the order's slots begin, Unix ms
 * @param random in [0, 1)
 */
export function nextCheckAt(
  { now, phaseMs, perDay }: { now: number; phaseMs: number; perDay: number },
  random: () => number,
): number {
  const slot = slotMs(perDay)
  const current = Math.floor((now - phaseMs) / slot)
  return Math.floor(phaseMs + (current + 1 + random()) * slot)
}
