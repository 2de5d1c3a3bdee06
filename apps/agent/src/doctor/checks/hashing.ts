import { sealsNatively } from '@dmc/core/log/node-log-crypto'
import { chunkRoot } from '@dmc/core/merkle/chunk-root'
import { chooseHasher, type HasherChoice } from '@dmc/core/merkle/node-hasher'
import { type Check, ok, warning } from '../check.ts'

const CHUNK = 1 << 20
const ROUNDS = 32

const TREE_FIX = 'Install again without --omit=optional; everything works without it, only slower.'
const NATIVE_FIX = 'Install the agent again; until then it works without it, only slower.'

/** Every tier is tested before it is used; says which one that is, why, how fast it is here, and what encrypts. */
export const hashing: Check = {
  name: 'hashing',
  title: 'Hashing',
  async run() {
    const choice = chooseHasher()
    const sealing = sealsNatively() ? 'sealing by OpenSSL itself' : 'sealing through node:crypto'
    const detail = `${tierOf(choice)}, ${rateOf(choice)} MiB/s on one core; ${sealing}`
    const { notNative, hasher } = choice
    if (notNative === null) return ok(`${detail}; tested when it was loaded.`)
    if (notNative === 'forced') return ok(`${detail}; forced by DMC_HASHER.`)
    const why = `${detail}; not the native tier: ${notNative.detail}.`
    if (notNative.reason === 'unloadable' || notNative.reason === 'wrong') return warning(why, NATIVE_FIX)
    if (hasher.name.includes('hashtree')) return ok(why)
    return warning(`${why} @chainsafe/hashtree does not load either.`, TREE_FIX)
  },
}

const tierOf = ({ tier, hasher }: HasherChoice): string =>
  tier === hasher.name ? `${tier} tier` : `${tier} tier (${hasher.name})`

/** The tree of whole chunks in memory. */
function rateOf({ hasher }: HasherChoice): number {
  const data = Buffer.alloc(CHUNK, 7)
  const out = new Uint8Array(32)
  const started = performance.now()
  for (let round = 0; round < ROUNDS; round++) chunkRoot(hasher, data, out)
  return Math.round((ROUNDS * 1000) / (performance.now() - started))
}
