import { DmcError } from '../errors/dmc-error.ts'
import type { ChunkTree } from './chunk-tree.ts'
import { CHUNK_HEIGHT, CHUNK_LEAVES, CHUNK_SIZE, HASH_SIZE, LEAF_SIZE } from './constants.ts'
import { foldNodes } from './fold-nodes.ts'
import { sameHash } from './hash-hex.ts'
import type { Hasher } from './hasher.ts'
import { levelNode } from './leaf-path.ts'

/** Of the nodes over twigs. A twig, 64 leaves, is what has to be read to prove one leaf when the nodes over all twigs of its chunk are at hand. */
export const TWIG_HEIGHT = 6
const TWIG_LEAVES = 1 << TWIG_HEIGHT
/** Bytes of a twig: 64 KiB. */
export const TWIG_SIZE = TWIG_LEAVES * LEAF_SIZE
/** Bytes of the nodes over a chunk's 16 twigs, one after another. */
export const TWIGS_SIZE = (CHUNK_LEAVES / TWIG_LEAVES) * HASH_SIZE

// Used within one synchronous call only; each worker thread has its own.
const nodes = new Uint8Array(CHUNK_LEAVES * HASH_SIZE)
const others = new Uint8Array((CHUNK_LEAVES / 2) * HASH_SIZE)

/**
 * The root of a whole chunk, and the nodes over its twigs to `twigs` (512 bytes): as cheap as the root alone.
 *
 * @param data 1,024 leaves
 * @throws DmcError BUG for anything else
 */
export const chunkRootAndTwigs = (hasher: Hasher, data: Uint8Array, twigs: Uint8Array): Uint8Array => {
  if (data.length !== CHUNK_SIZE || twigs.length !== TWIGS_SIZE) throw wrongLength(data.length)
  hasher.hashLeaves(data, nodes)
  let [level, above] = [nodes, others]
  for (let width = CHUNK_LEAVES / 2; width >= CHUNK_LEAVES / TWIG_LEAVES; width /= 2) {
    hasher.hashNodes(level.subarray(0, 2 * width * HASH_SIZE), above.subarray(0, width * HASH_SIZE))
    ;[level, above] = [above, level]
  }
  twigs.set(level.subarray(0, TWIGS_SIZE))
  return twigsRoot(hasher, twigs)
}

/** The chunk root that the nodes over its twigs lead to: fresh 32 bytes. */
export const twigsRoot = (hasher: Hasher, twigs: Uint8Array): Uint8Array => {
  const level = twigs.slice()
  return foldNodes(
    hasher,
    level,
    new Uint8Array(level.length / 2),
    twigs.length / HASH_SIZE,
    TWIG_HEIGHT,
    CHUNK_HEIGHT,
  ).slice()
}

/**
 * The path of a leaf of a whole chunk, from its twig alone; null when the data is not what `twigs` says.
 *
 * @param args.twigs of the leaf's chunk, known to lead to its chunk root in `tree`
 * @param args.data the 64 KiB of the twig that the leaf is in
 * @param args.lastChunkRoot see `ChunkTree`
 */
export const twigLeafPath = (args: {
  hasher: Hasher
  tree: ChunkTree
  twigs: Uint8Array
  data: Uint8Array
  leafIndex: number
  size: number
  lastChunkRoot?: Uint8Array | undefined
}): Uint8Array[] | null => {
  const { hasher, tree, twigs, data, leafIndex, size, lastChunkRoot } = args
  if (data.length !== TWIG_SIZE || twigs.length !== TWIGS_SIZE) throw wrongLength(data.length)
  const inChunk = leafIndex % CHUNK_LEAVES
  const inTwig = inChunk % TWIG_LEAVES
  let level = new Uint8Array(TWIG_LEAVES * HASH_SIZE)
  hasher.hashLeaves(data, level)
  const path: Uint8Array[] = []
  for (let height = 0; height < TWIG_HEIGHT; height++) {
    path.push(levelNode([level], 0, (inTwig >> height) ^ 1))
    level = parents(hasher, level)
  }
  const twig = Math.floor(inChunk / TWIG_LEAVES)
  if (!sameHash(level, twigs.subarray(twig * HASH_SIZE, (twig + 1) * HASH_SIZE))) return null
  level = twigs.slice()
  for (let height = TWIG_HEIGHT; height < CHUNK_HEIGHT; height++) {
    path.push(levelNode([level], 0, (inChunk >> height) ^ 1))
    level = parents(hasher, level)
  }
  return [...path, ...tree.siblings({ chunk: Math.floor(leafIndex / CHUNK_LEAVES), size, lastChunkRoot })]
}

const parents = (hasher: Hasher, level: Uint8Array) => {
  const above = new Uint8Array(level.length / 2)
  hasher.hashNodes(level, above)
  return above
}

const wrongLength = (length: number) =>
  new DmcError('BUG', `A twig or chunk of ${length} bytes is not whole.`, {
    hint: 'Please report this with the stack trace (--debug).',
  })
