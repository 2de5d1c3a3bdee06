import { seededRandom } from '../seeded-random.ts'

/**
 * Which leaves a cheater has thrown away: exactly the share it is told, at least one, the same for the same seed.
 * Drawn without putting back, so no two draws are the same leaf.
 */
export function lostLeaves(leaves: number, share: number, seed: number): (leaf: number) => boolean {
  const lost = Math.min(leaves, Math.max(1, Math.round(leaves * share)))
  const random = seededRandom(seed)
  const order = Uint32Array.from({ length: leaves }, (_, leaf) => leaf)
  const gone = new Uint8Array(leaves)
  for (let i = 0; i < lost; i++) {
    const j = i + Math.floor(random() * (leaves - i))
    const picked = order[j] as number
    order[j] = order[i] as number
    gone[picked] = 1
  }
  return (leaf) => gone[leaf] === 1
}
