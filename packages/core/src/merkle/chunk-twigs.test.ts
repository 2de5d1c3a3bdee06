import { describe, expect, it } from 'vitest'
import { HASHERS } from '../../test/merkle/hashers.ts'
import { sampleData } from '../../test/merkle/model-of.ts'
import { chunkRoot } from './chunk-root.ts'
import { ChunkTree } from './chunk-tree.ts'
import { chunkRootAndTwigs, TWIG_SIZE, TWIGS_SIZE, twigLeafPath, twigsRoot } from './chunk-twigs.ts'
import { CHUNK_SIZE, LEAF_SIZE, treeDepth } from './constants.ts'
import { leafPath } from './leaf-path.ts'

describe.each(HASHERS)('twigs of a chunk, %s', (_name, hasher) => {
  const data = sampleData(7, 3 * 1024)
  const chunkOf = (chunk: number) => data.subarray(chunk * CHUNK_SIZE, (chunk + 1) * CHUNK_SIZE)
  const size = 3 * CHUNK_SIZE - 5 * LEAF_SIZE
  const cut = chunkRoot(hasher, chunkOf(2).subarray(0, CHUNK_SIZE - 5 * LEAF_SIZE))
  const tree = new ChunkTree({ hasher, depth: treeDepth(3) })
  for (let chunk = 0; chunk < 3; chunk++) tree.set(chunk, chunkRoot(hasher, chunkOf(chunk)))
  const twigs = new Uint8Array(TWIGS_SIZE)

  it('lead to the chunk’s root', () => {
    for (let chunk = 0; chunk < 3; chunk++) {
      const root = chunkRoot(hasher, chunkOf(chunk))
      expect(chunkRootAndTwigs(hasher, chunkOf(chunk), twigs)).toEqual(root)
      expect(twigsRoot(hasher, twigs)).toEqual(root)
    }
  })

  it('give every leaf the path that its whole chunk gives, also of an earlier size', () => {
    for (const leafIndex of [0, 1, 62, 63, 64, 127, 511, 512, 1023, 1024, 1500, 2047]) {
      const chunk = Math.floor(leafIndex / 1024)
      chunkRootAndTwigs(hasher, chunkOf(chunk), twigs)
      const from = Math.floor((leafIndex * LEAF_SIZE) / TWIG_SIZE) * TWIG_SIZE
      const args = { hasher, tree, leafIndex, size, lastChunkRoot: cut }
      expect(twigLeafPath({ ...args, twigs, data: data.subarray(from, from + TWIG_SIZE) })).toEqual(
        leafPath({ ...args, depth: treeDepth(3), chunkData: chunkOf(chunk) }),
      )
    }
  })

  it('of other data or other twigs give none', () => {
    chunkRootAndTwigs(hasher, chunkOf(0), twigs)
    const args = { hasher, tree, leafIndex: 70, size }
    const bad = data.slice(TWIG_SIZE, 2 * TWIG_SIZE)
    bad[999] = (bad[999] ?? 0) ^ 1
    expect(twigLeafPath({ ...args, twigs, data: bad })).toBeNull()
    const lie = twigs.slice()
    lie[40] = (lie[40] ?? 0) ^ 1
    expect(twigsRoot(hasher, lie)).not.toEqual(twigsRoot(hasher, twigs))
    expect(twigLeafPath({ ...args, twigs: lie, data: data.subarray(TWIG_SIZE, 2 * TWIG_SIZE) })).toBeNull()
  })

  it('are of whole chunks only', () => {
    expect(() => chunkRootAndTwigs(hasher, data.subarray(0, 1024), twigs)).toThrow('not whole')
    expect(() => twigLeafPath({ hasher, tree, leafIndex: 0, size, twigs, data })).toThrow('not whole')
  })
})
