import { DmcError } from '../errors/dmc-error.ts'
import type { Hasher } from './hasher.ts'
import { forcedHasherTier, type HasherTier } from './hasher-tier.ts'
import { loadNativeHasher, type NativeRefusal } from './node-native-hasher.ts'
import { createPortableHasher } from './node-portable-hasher.ts'

export interface HasherChoice {
  tier: HasherTier
  hasher: Hasher
  /** Why it is not the native tier: its refusal, or `forced` by `forceHasherTier`; null when it is. */
  notNative: NativeRefusal | 'forced' | null
}

// A hasher keeps nothing between calls, so one choice, with its self-test, serves a whole thread.
const choices = new Map<HasherTier | null, HasherChoice>()

/**
 * The fastest hasher that works here and why it is that one. Each is tested against `createHash` on random data before
 * it is given out; the accelerator is never needed.
 *
 * @param tier overrides `forceHasherTier`
 * @throws DmcError HASHER_UNAVAILABLE when the native tier is asked for and can't be had
 */
export const chooseHasher = (tier: HasherTier | null = forcedHasherTier()): HasherChoice => {
  const known = choices.get(tier)
  if (known !== undefined) return known
  const choice = choose(tier)
  choices.set(tier, choice)
  return choice
}

const choose = (tier: HasherTier | null): HasherChoice => {
  const portable = createPortableHasher()
  if (tier === 'portable') return { tier, hasher: portable, notNative: 'forced' }
  const native = loadNativeHasher(portable)
  if (!('reason' in native)) return { tier: 'native', hasher: native, notNative: null }
  if (tier === null) return { tier: 'portable', hasher: portable, notNative: native }
  throw new DmcError('HASHER_UNAVAILABLE', `Native hashing is asked for, but ${native.detail}.`, {
    hint: 'Unset DMC_HASHER: the portable tier gives the same hashes.',
  })
}

/** The hasher for Node; see `chooseHasher`. */
export const createNodeHasher = (tier?: HasherTier): Hasher => chooseHasher(tier).hasher
