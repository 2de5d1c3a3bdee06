import { createNodeHasher } from '@dmc/core/merkle/node-hasher'
import { type Check, ok, warning } from '../check.ts'

const CHUNK = 1 << 20
const ROUNDS = 32

/** Every implementation is tested against known hashes when it is made; the speed tells which one it is. */
export const hashing: Check = {
  name: 'hashing',
  title: 'Hashing',
  async run() {
    const hasher = createNodeHasher()
    const data = Buffer.alloc(CHUNK, 7)
    const leaves = new Uint8Array(CHUNK / 32)
    const nodes = new Uint8Array(leaves.length / 2)
    const started = performance.now()
    for (let round = 0; round < ROUNDS; round++) {
      hasher.hashLeaves(data, leaves.subarray(0, (CHUNK / 1024) * 32))
      hasher.hashNodes(leaves.subarray(0, (CHUNK / 1024) * 32), nodes.subarray(0, (CHUNK / 2048) * 32))
    }
    const rate = Math.round((ROUNDS * 1000) / (performance.now() - started))
    const detail = `${hasher.name}, ${rate} MiB/s on one core`
    if (hasher.name.includes('hashtree')) return ok(detail)
    return warning(
      `${detail}; the faster one (@chainsafe/hashtree) does not load here.`,
      'Install again without --omit=optional; everything works without it, only slower.',
    )
  },
}
