import { createHash, randomBytes } from 'node:crypto'
import { chunkRoot } from './chunk-root.ts'
import { HASH_SIZE, LEAF_SIZE } from './constants.ts'
import type { Hasher } from './hasher.ts'

/** Every width of SIMD lanes and of interleaved streams, and one item more and less. */
const COUNTS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 17, 33]
/** Leaves of a chunk: whole, and odd at some heights or at all. */
const CHUNKS = [1, 2, 3, 7, 21, 341, 1024]

const GUARD = 40

/** Bytes between guards, at an odd offset; `intact` tells whether nothing was written beside them. */
const guarded = (size: number) => {
  const around = randomBytes(size + 2 * GUARD + 1)
  const before = Buffer.from(around)
  const view = new Uint8Array(around.buffer, around.byteOffset + GUARD + 1, size)
  const intact = () =>
    around.subarray(0, GUARD + 1).equals(before.subarray(0, GUARD + 1)) &&
    around.subarray(GUARD + 1 + size).equals(before.subarray(GUARD + 1 + size))
  return { view, intact }
}

/**
 * True when `run` hashes random items as `createHash` does, for each count, and writes nothing beside its result.
 * What throws does not agree.
 */
export const itemsAgree = (
  run: Hasher['hashLeaves'],
  itemSize: number,
  counts: readonly number[] = COUNTS,
): boolean => {
  try {
    return counts.every((count) => {
      const input = randomBytes(count * itemSize)
      const out = guarded(count * HASH_SIZE)
      run(input, out.view)
      const right = Array.from({ length: count }, (_, i) =>
        createHash('sha256')
          .update(input.subarray(i * itemSize, (i + 1) * itemSize))
          .digest()
          .equals(out.view.subarray(i * HASH_SIZE, (i + 1) * HASH_SIZE)),
      )
      return right.every(Boolean) && out.intact()
    })
  } catch {
    return false
  }
}

/** True when `hasher` gives the chunk roots that `reference`, which has no `chunkRoot` of its own, gives. */
const chunksAgree = (hasher: Hasher, reference: Hasher): boolean => {
  const data = randomBytes(1024 * LEAF_SIZE)
  return CHUNKS.every((leaves) => {
    const out = guarded(HASH_SIZE)
    chunkRoot(hasher, data.subarray(0, leaves * LEAF_SIZE), out.view)
    const right = chunkRoot(reference, data.subarray(0, leaves * LEAF_SIZE))
    return Buffer.compare(out.view, right) === 0 && out.intact()
  })
}

/** Bodies around a block's edges, shorter and longer than each other; prefixes that end anywhere in a block. */
const BODIES = [0, 1, 55, 56, 62, 63, 64, 65, 127, 128, 4000, 1, 70_001]
const PREFIXES = [0, 1, 63, 64, 65, 256]

/** True when `hashMany` gives what `createHash` gives, for one body up to many, and writes nothing beside its result. */
const manyAgree = ({ hashMany }: Hasher): boolean =>
  hashMany === undefined ||
  PREFIXES.every((length, round) => {
    const prefix = randomBytes(length)
    const bodies = BODIES.slice(0, round === 0 ? BODIES.length : 2 * round + 1).map((size) =>
      randomBytes(size),
    )
    const out = guarded(bodies.length * HASH_SIZE)
    hashMany(prefix, bodies, out.view)
    const right = bodies.every((body, i) =>
      createHash('sha256')
        .update(prefix)
        .update(body)
        .digest()
        .equals(out.view.subarray(i * HASH_SIZE, (i + 1) * HASH_SIZE)),
    )
    return right && out.intact()
  })

/**
 * What `hasher` does wrong, as the name of the function, or null when it agrees with `createHash` on random data of
 * many lengths.
 *
 * @param reference a hasher whose `hashLeaves` and `hashNodes` are known to be right
 */
export const findDisagreement = (hasher: Hasher, reference: Hasher): keyof Hasher | null => {
  if (!itemsAgree(hasher.hashLeaves, LEAF_SIZE)) return 'hashLeaves'
  if (!itemsAgree(hasher.hashNodes, 2 * HASH_SIZE)) return 'hashNodes'
  try {
    if (!chunksAgree(hasher, reference)) return 'chunkRoot'
  } catch {
    return 'chunkRoot'
  }
  try {
    if (!manyAgree(hasher)) return 'hashMany'
  } catch {
    return 'hashMany'
  }
  return null
}
