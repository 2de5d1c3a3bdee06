import type { Commitment } from '@dmc/core/chain/types'

/** Equal root and size; null only equals null. */
export function sameCommitment(a: Commitment | null, b: Commitment | null): boolean {
  if (a === null || b === null) return a === b
  return a.root.toLowerCase() === b.root.toLowerCase() && a.size === b.size
}
