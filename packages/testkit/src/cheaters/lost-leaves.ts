/**
 * Which leaves a cheater has thrown away: exactly the share it is told, at least one, the same for the same seed.
 * Drawn without putting back, so no two draws are the same leaf.
 */
export function lostLeaves(leaves: number, share: number, seed: number): (leaf: number) => boolean {
  const lost = Math.min(leaves, Math.max(1, Math.round(leaves * share)))
  const random = seeded(seed)
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

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
