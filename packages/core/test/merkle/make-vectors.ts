import {
  type ModelTree,
  modelDepth,
  modelNode,
  modelPath,
  modelRoot,
  modelSha256,
  modelZero,
} from './tree-model.ts'

const LEAF = 1024
const hex = (bytes: Uint8Array): string => `0x${Buffer.from(bytes).toString('hex')}`
const word = (value: bigint): Uint8Array => Buffer.from(value.toString(16).padStart(64, '0'), 'hex')

const leaves = new Map<string, Uint8Array>()

/** Leaf `index` of `seed`: 32 words, word j = sha256(abi.encode(bytes32 seed, uint256 index, uint256 j)). */
export const seededLeaf = (seed: bigint, index: bigint): Uint8Array => {
  const key = `${seed}/${index}`
  const known = leaves.get(key)
  if (known !== undefined) return known
  const leaf = new Uint8Array(LEAF)
  const message = Buffer.concat([word(seed), word(index), word(0n)])
  for (let j = 0; j < 32; j++) {
    message[95] = j
    leaf.set(modelSha256(message), j * 32)
  }
  leaves.set(key, leaf)
  return leaf
}

interface Sample extends ModelTree {
  name: string
  capacityMiB: number
  seed: bigint
  /** Every leaf but this one is zero bytes; absent: every leaf is seeded. */
  onlyLeaf?: bigint
}

const seeded = (name: string, capacityMiB: number, leaves: number, seed: number): Sample => {
  const cache = new Map<string, Uint8Array>()
  const tree: Sample = {
    name,
    capacityMiB,
    depth: modelDepth(capacityMiB),
    leaves: BigInt(leaves),
    seed: BigInt(seed),
    leaf: (index) => seededLeaf(BigInt(seed), index),
    known: (height, index) => {
      const key = `${height}/${index}`
      let node = cache.get(key)
      if (node === undefined && height > 0) {
        node = modelSha256(
          modelNode(tree, height - 1, 2n * index),
          modelNode(tree, height - 1, 2n * index + 1n),
        )
        cache.set(key, node)
      }
      return node
    },
  }
  return tree
}

/** A tree of any size: one seeded leaf among leaves of zero bytes. */
const sparse = (
  name: string,
  capacityMiB: number,
  leaves: bigint,
  seed: number,
  onlyLeaf: bigint,
): Sample => {
  const blank = new Uint8Array(LEAF)
  const blankNodes = [modelSha256(blank)]
  for (let h = 1; h <= 50; h++) {
    const below = blankNodes[h - 1] ?? blank
    blankNodes.push(modelSha256(below, below))
  }
  return {
    name,
    capacityMiB,
    depth: modelDepth(capacityMiB),
    leaves,
    seed: BigInt(seed),
    onlyLeaf,
    leaf: (index) => (index === onlyLeaf ? seededLeaf(BigInt(seed), index) : blank),
    known: (height, index) => {
      const span = 2n ** BigInt(height)
      const whole = (index + 1n) * span <= leaves
      const blankOnly = onlyLeaf < index * span || onlyLeaf >= (index + 1n) * span
      return whole && blankOnly ? blankNodes[height] : undefined
    },
  }
}

const samples: { tree: Sample; prove: bigint[] }[] = [
  { tree: seeded('one leaf in 1 MiB', 1, 1, 1), prove: [0n] },
  { tree: seeded('two leaves in 1 MiB', 1, 2, 1), prove: [0n, 1n] },
  { tree: seeded('three leaves in 1 MiB', 1, 3, 1), prove: [1n, 2n] },
  { tree: seeded('one leaf short of 1 MiB', 1, 1023, 1), prove: [0n, 1022n] },
  { tree: seeded('full 1 MiB', 1, 1024, 1), prove: [0n, 511n, 512n, 1023n] },
  { tree: seeded('full first chunk of 2 MiB', 2, 1024, 1), prove: [1023n] },
  { tree: seeded('one leaf into the second chunk of 2 MiB', 2, 1025, 1), prove: [1023n, 1024n] },
  { tree: seeded('full 2 MiB', 2, 2048, 2), prove: [0n, 1024n, 2047n] },
  { tree: seeded('full 3 MiB', 3, 3072, 3), prove: [2047n, 2048n, 3071n] },
  { tree: seeded('2,500 leaves in 3 MiB', 3, 2500, 3), prove: [0n, 2499n] },
  { tree: seeded('4,097 leaves in 5 MiB', 5, 4097, 4), prove: [1365n, 4095n, 4096n] },
  { tree: seeded('1,025 leaves in 1,000 MiB', 1000, 1025, 1), prove: [1024n] },
  { tree: seeded('2,049 leaves in 1 GiB', 1024, 2049, 2), prove: [682n, 2048n] },
  { tree: seeded('seven leaves in 1 TiB', 1_048_576, 7, 5), prove: [0n, 6n] },
  {
    tree: sparse('full 1 TiB', 1_048_576, 2n ** 30n, 6, 0x2a_aa_55_57n),
    prove: [0x2a_aa_55_57n, 0n, 2n ** 30n - 1n],
  },
  {
    tree: sparse('700 GiB and one leaf in 1 TiB', 1_048_576, 700n * 2n ** 20n + 1n, 7, 700n * 2n ** 20n),
    prove: [700n * 2n ** 20n, 1n],
  },
  {
    tree: sparse('the largest order', 4_294_967_295, 2n ** 42n - 2n ** 10n, 8, 2n ** 42n - 2n ** 10n - 1n),
    prove: [2n ** 42n - 2n ** 10n - 1n],
  },
]

interface Proof {
  capacityMiB: number
  depth: number
  size: number
  root: string
  index: number
  leaf: string
  path: string[]
}

const proof = (tree: Sample, index: bigint): Proof => ({
  capacityMiB: tree.capacityMiB,
  depth: tree.depth,
  size: Number(tree.leaves) * LEAF,
  root: hex(modelRoot(tree)),
  index: Number(index),
  leaf: hex(tree.leaf(index)),
  path: modelPath(tree, index).map(hex),
})

const flip = (text: string, digit: number): string =>
  `${text.slice(0, digit)}${(Number.parseInt(text.charAt(digit), 16) ^ 1).toString(16)}${text.slice(digit + 1)}`

/** Each takes a good proof and spoils one thing. `code` is the error that `verifyLeaf` must give. */
const refusals = () => {
  const a = seeded('a', 5, 4097, 4)
  const other = seeded('other', 8, 4097, 9)
  const good = proof(a, 1365n) // binary 10101010101: goes left and right by turns
  const last = proof(a, 4096n)
  const bytes = good.leaf.slice(2)
  const node = (height: number, index: bigint) => Buffer.from(modelNode(a, height, index)).toString('hex')
  const swapped = [...good.path]
  ;[swapped[2], swapped[3]] = [good.path[3] ?? '', good.path[2] ?? '']
  const at = (i: number, value: string) => good.path.map((sibling, j) => (j === i ? value : sibling))
  const zero = hex(modelZero(0))
  const preimage = `0x${node(0, 1364n)}${node(0, 1365n)}`
  const top = `0x${node(12, 0n)}${node(12, 1n)}`
  const earlier = seeded('earlier', 5, 4096, 4)
  const past = proof(a, 4096n)
  const pastPath = modelPath(a, 4097n).map(hex)
  const bad = 'PROOF_INVALID'
  const range = 'PROOF_INDEX_OUT_OF_RANGE'
  const length = 'PROOF_PATH_LENGTH'
  const size = 'PROOF_LEAF_SIZE'
  const rows: [string, string, string, Partial<Proof>][] = [
    [
      'inner node offered as a leaf',
      'the 64 bytes under the parent of leaf 1365 with the rest of its path hash to the root',
      size,
      { index: 682, leaf: preimage, path: good.path.slice(1) },
    ],
    [
      'inner node offered as a leaf, path filled up',
      'the 64-byte preimage with depth siblings',
      size,
      { index: 682, leaf: preimage, path: [...good.path.slice(1), zero] },
    ],
    [
      'children of the root offered as a leaf',
      'the 64 bytes under the root with no path',
      size,
      { index: 0, leaf: top, path: [] },
    ],
    [
      'inner node repeated to leaf length',
      'a leaf made of hashes is no preimage',
      bad,
      { leaf: `0x${`${node(0, 1364n)}${node(0, 1365n)}`.repeat(16)}` },
    ],
    ['empty leaf', 'no leaf is partial', size, { leaf: '0x' }],
    ['64-byte leaf', 'no leaf is partial', size, { leaf: `0x${bytes.slice(0, 128)}` }],
    ['leaf one byte short', 'no leaf is partial', size, { leaf: `0x${bytes.slice(0, -2)}` }],
    ['leaf one byte long', 'no leaf is partial', size, { leaf: `0x${bytes}00` }],
    ['leaf with its first bit flipped', 'another leaf', bad, { leaf: flip(good.leaf, 2) }],
    ['leaf with its last bit flipped', 'another leaf', bad, { leaf: flip(good.leaf, good.leaf.length - 1) }],
    ['index of the neighbour', 'left and right are decided by the index', bad, { index: 1364 }],
    ['index one higher', 'left and right are decided by the index', bad, { index: 1366 }],
    [
      'index with its highest bit set',
      'left and right are decided by the index',
      bad,
      { index: 1365 - 1024 },
    ],
    ['index plus 2^depth', 'bits above the depth are not ignored', range, { index: 1365 + 2 ** 13 }],
    [
      'index just past the data',
      'positions past the data have no leaf',
      range,
      { index: 4097, leaf: `0x${'00'.repeat(1024)}`, path: pastPath },
    ],
    [
      'index just past the data, 32-byte leaf',
      'Z0 is not the hash of anything',
      range,
      { index: 4097, leaf: zero, path: pastPath },
    ],
    [
      'last leaf under a smaller size',
      'the size of the commitment bounds the index',
      range,
      { ...past, size: 4096 * LEAF },
    ],
    ['path without its first sibling', 'exactly depth siblings', length, { path: good.path.slice(1) }],
    ['path without its last sibling', 'exactly depth siblings', length, { path: good.path.slice(0, -1) }],
    ['empty path', 'exactly depth siblings', length, { path: [] }],
    ['path with a zero sibling more', 'exactly depth siblings', length, { path: [...good.path, zero] }],
    [
      'path with the next Z more',
      'exactly depth siblings',
      length,
      { path: [...good.path, hex(modelZero(13))] },
    ],
    ['path of twice the depth', 'exactly depth siblings', length, { path: [...good.path, ...good.path] }],
    ['first sibling with a flipped bit', 'another node', bad, { path: at(0, flip(good.path[0] ?? '', 65)) }],
    ['last sibling with a flipped bit', 'another node', bad, { path: at(12, flip(good.path[12] ?? '', 2)) }],
    ['two siblings changed places', 'siblings go from the leaf up', bad, { path: swapped }],
    ['path from the root down', 'siblings go from the leaf up', bad, { path: good.path.toReversed() }],
    ['path of another leaf', 'a path belongs to one leaf', bad, { path: last.path }],
    ['leaf of another index', 'a path belongs to one leaf', bad, { leaf: last.leaf }],
    [
      "another order's proof",
      'good against its own root, of the same depth',
      bad,
      { leaf: proof(other, 1365n).leaf, path: proof(other, 1365n).path },
    ],
    [
      'proof of the commitment before',
      'good against the root before the last leaf came',
      bad,
      { path: proof(earlier, 1365n).path },
    ],
    [
      'proof in an order of twice the capacity',
      'another depth',
      length,
      { path: proof({ ...a, depth: 14 }, 1365n).path },
    ],
    ['root with a flipped bit', 'another root', bad, { root: flip(good.root, 65) }],
    ['root of zero bytes', 'another root', bad, { root: zero }],
    ['nothing is stored', 'size 0 has no leaf', range, { size: 0, index: 0 }],
  ]
  return rows.map(([name, why, code, spoiled]) => ({ name, why, code, ...good, ...spoiled }))
}

/** The vectors as text: one JSON object per line inside each array, so that diffs and parsers stay calm. */
export const makeVectors = (): string => {
  const trees = samples.map(({ tree }) => ({
    name: tree.name,
    capacityMiB: tree.capacityMiB,
    depth: tree.depth,
    size: Number(tree.leaves) * LEAF,
    root: hex(modelRoot(tree)),
    seed: hex(word(tree.seed)),
    sparse: tree.onlyLeaf !== undefined,
    onlyLeaf: Number(tree.onlyLeaf ?? 0n),
  }))
  const proofs = samples.flatMap(({ tree, prove }) =>
    prove.map((index) => ({ name: `${tree.name}, leaf ${index}`, ...proof(tree, index) })),
  )
  const zeroNodes = Array.from({ length: 43 }, (_, height) => hex(modelZero(height)))
  const rows = (list: object[]) => `[\n${list.map((row) => JSON.stringify(row)).join(',\n')}\n]`
  return `{
"about": "Made by packages/core/scripts/make-vectors.ts. sha256; leaves of 1024 bytes; node = sha256(left || right); positions past the data are Z0 = 32 zero bytes.",
"leafRule": "leaf i of a tree = 32 words; word j = sha256(abi.encode(bytes32 seed, uint256 i, uint256 j)). A tree with sparse = true holds 1024 zero bytes in every leaf but onlyLeaf.",
"version": 1,
"zeroNodes": ${JSON.stringify(zeroNodes)},
"trees": ${rows(trees)},
"proofs": ${rows(proofs)},
"refused": ${rows(refusals())}
}
`
}
