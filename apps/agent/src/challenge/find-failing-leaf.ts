import { WIRE_LIMITS } from '@dmc/core/protocol/limits'
import type { Evidence } from './evidence.ts'

/** What came of one request: all proven; a signed wrong leaf; the miner says that something of it is lost; or no answer that counts. */
export type Part =
  | { kind: 'proven' }
  | { kind: 'failing'; leaf: bigint; evidence: Evidence | null }
  | { kind: 'lost' }
  | { kind: 'stopped' }

/**
 * Halves what the miner refuses as lost until one leaf is left, for only a leaf can be challenged on chain. `proven` when all of them are
 * there after all; `stopped` when the answers ended before it was found.
 */
export async function findFailingLeaf(
  leaves: readonly bigint[],
  ask: (leaves: readonly bigint[]) => Promise<Part>,
): Promise<Exclude<Part, { kind: 'lost' }>> {
  const most = WIRE_LIMITS.challengeLeaves
  for (let at = 0; at < leaves.length; at += most) {
    let part = leaves.slice(at, at + most)
    let answer = await ask(part)
    while (answer.kind === 'lost') {
      if (part.length === 1) return { kind: 'failing', leaf: part[0] as bigint, evidence: null }
      const half = part.slice(0, Math.ceil(part.length / 2))
      answer = await ask(half)
      if (answer.kind === 'proven') {
        part = part.slice(half.length)
        answer = await ask(part)
      } else part = half
    }
    if (answer.kind !== 'proven') return answer
  }
  return { kind: 'proven' }
}
