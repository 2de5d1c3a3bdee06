/** `native`: the optional accelerator. `portable`: what every installation has. Both give the same hashes. */
export const HASHER_TIERS = ['native', 'portable'] as const
export type HasherTier = (typeof HASHER_TIERS)[number]

let forced: HasherTier | null = null

/** From now on `createNodeHasher` in this thread gives this tier; null: the best that works. */
export const forceHasherTier = (tier: HasherTier | null): void => {
  forced = tier
}

/** What `forceHasherTier` said: to be handed to threads that are started later. */
export const forcedHasherTier = (): HasherTier | null => forced
