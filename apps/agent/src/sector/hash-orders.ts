import { createHmac } from 'node:crypto'
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { chunkLevels, chunkRoot } from '@dmc/core/merkle/chunk-root'
import { ChunkTree } from '@dmc/core/merkle/chunk-tree'
import {
  chunkRootAndTwigs,
  TWIG_HEIGHT,
  TWIG_SIZE,
  TWIGS_SIZE,
  twigLeafPath,
  twigsRoot,
} from '@dmc/core/merkle/chunk-twigs'
import { CHUNK_HEIGHT, CHUNK_LEAVES, CHUNK_SIZE, HASH_SIZE, LEAF_SIZE } from '@dmc/core/merkle/constants'
import { hashToHex } from '@dmc/core/merkle/hash-hex'
import { leafPath } from '@dmc/core/merkle/leaf-path'
import { createNodeHasher } from '@dmc/core/merkle/node-hasher'
import { edgeChunks, rangeSiblings } from '@dmc/core/merkle/range-proof'
import type { Hex } from 'viem'
import { pageMemory } from '../disk/page-memory.ts'
import { damaged, eachRead, type ReadableFile, readNow } from './read-back.ts'

/**
 * The tree of each open order, and all hashing, in a worker thread (flow 9). Every chunk root here was computed from what was handed
 * to the disk or read from it by this process, or was loaded and proven as a whole against a commitment (docs/decisions/0012).
 */
interface HashOrder extends ReadableFile {
  fd: number
  tree: ChunkTree
  /** Per chunk: how many of its leaves its root in `tree` covers, hashed by this process; 0 for others. */
  fresh: Uint16Array
  /** Commitments (size -> root) that `tree` was shown to lead to. */
  proven: Map<number, Hex>
  /** Nodes over the twigs of whole chunks, as they were last hashed: believed only where they lead to the chunk's root. null: none are kept. */
  twigs: number | null
  /** Per proven size that cuts a chunk: root of that chunk with the leaves after the size as Z0. */
  last: Map<number, Uint8Array>
}

interface At {
  order: string
}
interface Of extends At {
  size: number
}

/** A challenge's leaf does not wait for the uploads of others. */
export const URGENT: readonly (keyof HashOps)[] = ['leaf']

export type HashOps = ReturnType<typeof createHashOps>

/** Operations of the hashing worker; sizes and offsets in bytes, chunks by index. Main-thread callers in `order-store.ts`. */
export function createHashOps(arena: SharedArrayBuffer) {
  const hasher = createNodeHasher()
  const orders = new Map<string, HashOrder>()
  const scratch = [pageMemory(CHUNK_SIZE), pageMemory(CHUNK_SIZE)] as const
  // a leaf is answered in the middle of longer work: what it is read into is its own
  const leafData = pageMemory(CHUNK_SIZE)
  const twigData = pageMemory(TWIG_SIZE)
  const twigs = new Uint8Array(TWIGS_SIZE)

  const find = (id: string): HashOrder => {
    const order = orders.get(id)
    if (order) return order
    throw new DmcError('ORDER_NOT_FOUND', `The files of order ${id} are closed.`, {
      hint: 'It was deleted just now, or this agent is about to stop.',
    })
  }

  /** Roots of chunks (their first `leaves`), from the file. */
  const hashChunks = (
    order: HashOrder,
    chunks: readonly (readonly [chunk: number, leaves: number])[],
    take: (root: Uint8Array, chunk: number, leaves: number, index: number) => void,
  ): Promise<void> =>
    eachRead(
      order,
      chunks.map(([chunk, leaves], i) => ({
        offset: chunk * CHUNK_SIZE,
        into: (i % 2 === 0 ? scratch[0] : scratch[1]).subarray(0, leaves * LEAF_SIZE),
      })),
      (data, i) => {
        const [chunk, leaves] = chunks[i] ?? [0, 0]
        take(rootOf(order, chunk, data), chunk, leaves, i)
      },
    )

  /** The root of what was read of a chunk; the nodes over the twigs of a whole one are kept for the leaves that will be asked for. */
  const rootOf = (order: HashOrder, chunk: number, data: Uint8Array): Uint8Array => {
    if (order.twigs === null || data.length < CHUNK_SIZE) return chunkRoot(hasher, data)
    const root = chunkRootAndTwigs(hasher, data, twigs)
    keepTwigs(order, chunk)
    return root
  }

  const keepTwigs = (order: HashOrder, chunk: number): void => {
    try {
      if (order.twigs !== null) writeSync(order.twigs, twigs, 0, TWIGS_SIZE, chunk * TWIGS_SIZE)
    } catch {
      // a full or failing disk: leaves are proved from their whole chunk then
      forgetTwigs(order)
    }
  }

  const readTwigs = (fd: number, chunk: number): boolean => {
    try {
      return readSync(fd, twigs, 0, TWIGS_SIZE, chunk * TWIGS_SIZE) === TWIGS_SIZE
    } catch {
      return false
    }
  }

  const forgetTwigs = (order: HashOrder): void => {
    if (order.twigs !== null) closeSync(order.twigs)
    order.twigs = null
  }

  /** A leaf with its path from its twig alone; null when that can't be: the whole chunk decides. */
  const leafFromTwig = (order: HashOrder, index: number, size: number, expected: Uint8Array) => {
    const chunk = Math.floor(index / CHUNK_LEAVES)
    if (order.twigs === null || leavesBelow(chunk, size) < CHUNK_LEAVES) return null
    if (!readTwigs(order.twigs, chunk)) return null
    if (!Buffer.from(twigsRoot(hasher, twigs)).equals(expected)) return null
    const offset = index * LEAF_SIZE
    const data = readNow(order, offset - (offset % TWIG_SIZE), twigData)
    const lastChunkRoot = order.last.get(size)
    const path = twigLeafPath({
      hasher,
      tree: order.tree,
      twigs,
      data,
      leafIndex: index,
      size,
      lastChunkRoot,
    })
    const at = offset % TWIG_SIZE
    return path && { leaf: data.slice(at, at + LEAF_SIZE), path }
  }

  const readChunk = (order: HashOrder, chunk: number, leaves: number, slot: 0 | 1 = 0): Uint8Array =>
    readNow(order, chunk * CHUNK_SIZE, scratch[slot].subarray(0, leaves * LEAF_SIZE))

  const hashChunk = (order: HashOrder, chunk: number, leaves: number): Uint8Array =>
    chunkRoot(hasher, readChunk(order, chunk, leaves))

  /** Takes a root into the tree; false when it contradicts a proven commitment (the data is damaged). */
  const keep = (order: HashOrder, chunk: number, leaves: number, root: Uint8Array): boolean => {
    const known = order.tree.get(chunk)
    const end = (chunk + 1) * CHUNK_SIZE
    const committed = [...order.proven.keys()].some((size) => end <= size)
    if (committed && known && !Buffer.from(known).equals(root)) return false
    if (!known || !Buffer.from(known).equals(root)) order.tree.set(chunk, root)
    if (order.fresh.length <= chunk) {
      const longer = new Uint16Array(Math.max(chunk + 1, order.fresh.length * 2))
      longer.set(order.fresh)
      order.fresh = longer
    }
    order.fresh[chunk] = leaves
    return true
  }

  /** The root of the chunk that `size` cuts, or undefined when it cuts none. */
  const lastRoot = (order: HashOrder, size: number): Uint8Array | undefined => {
    const leaves = (size % CHUNK_SIZE) / LEAF_SIZE
    if (leaves === 0) return undefined
    const chunk = Math.floor(size / CHUNK_SIZE)
    const known = order.last.get(size)
    if (known) return known
    return order.fresh[chunk] === leaves ? order.tree.get(chunk) : hashChunk(order, chunk, leaves)
  }

  const expectedRoot = (order: HashOrder, chunk: number, size: number): Uint8Array | undefined =>
    (chunk + 1) * CHUNK_SIZE <= size ? order.tree.get(chunk) : order.last.get(size)

  const leavesBelow = (chunk: number, size: number): number =>
    Math.min(CHUNK_LEAVES, size / LEAF_SIZE - chunk * CHUNK_LEAVES)

  const tryProve = (order: HashOrder, size: number, root: Hex): Hex => {
    const last = lastRoot(order, size)
    const found = hashToHex(order.tree.root(size, last))
    if (found === root) {
      order.proven.set(size, root)
      if (last) order.last.set(size, last)
    }
    return found
  }

  return {
    open({
      order,
      fd,
      direct,
      depth,
      path,
      twigs: twigsPath,
    }: At & {
      fd: number
      direct: number | null
      depth: number
      path: string
      twigs: string | null
    }): void {
      const tree = new ChunkTree({ hasher, depth })
      orders.set(order, {
        path,
        fd,
        direct,
        tree,
        fresh: new Uint16Array(64),
        twigs: twigsPath === null ? null : openTwigs(twigsPath),
        proven: new Map(),
        last: new Map(),
      })
    },

    close({ order }: At): void {
      const known = orders.get(order)
      if (known) forgetTwigs(known)
      orders.delete(order)
    },

    /** Another file may lie there now: what was proven stays what is expected of it, what was read counts no more. */
    exchange({ order, fd, direct }: At & { fd: number; direct: number | null }): void {
      const known = find(order)
      known.fd = fd
      known.direct = direct
      known.fresh.fill(0)
    },

    /** Reads the chunks from the file and hashes their first `leaves`; roots in the same order. */
    async hash({
      order,
      chunks,
    }: At & { chunks: (readonly [chunk: number, leaves: number])[] }): Promise<Uint8Array> {
      const into = find(order)
      const roots = new Uint8Array(chunks.length * HASH_SIZE)
      await hashChunks(into, chunks, (root, chunk, leaves, i) => {
        keep(into, chunk, leaves, root)
        roots.set(root, i * HASH_SIZE)
      })
      return roots
    },

    /** Hashes whole chunks, the first one at `at` in the arena, that are being written now; roots in the same order. */
    async hashArrived({
      order,
      first,
      count,
      at,
    }: At & { first: number; count: number; at: number }): Promise<Uint8Array> {
      const into = find(order)
      const roots = new Uint8Array(count * HASH_SIZE)
      for (let i = 0; i < count; i++) {
        // a leaf that is asked for comes first
        if (i > 0) await new Promise(setImmediate)
        const root = rootOf(into, first + i, new Uint8Array(arena, at + i * CHUNK_SIZE, CHUNK_SIZE))
        keep(into, first + i, CHUNK_LEAVES, root)
        roots.set(root, i * HASH_SIZE)
      }
      return roots
    },

    /** Other bytes are about to be written there. */
    forget({ order, first, last }: At & { first: number; last: number }): void {
      find(order).fresh.fill(0, first, last + 1)
    },

    /** Leaves from `size` on are dropped. */
    truncate({ order, size }: Of): void {
      const into = find(order)
      const whole = Math.floor(size / CHUNK_SIZE)
      into.tree.truncate(whole)
      into.fresh.fill(0, whole)
      for (const known of into.proven.keys()) {
        if (known <= size) continue
        into.proven.delete(known)
        into.last.delete(known)
      }
    },

    isProven: ({ order, size, root }: Of & { root: Hex }): boolean => find(order).proven.get(size) === root,

    /** Takes stored roots of whole chunks where none was hashed here; returns the root that they lead to. */
    load({ order, size, root, roots }: Of & { root: Hex; roots: Uint8Array }): Hex | null {
      const into = find(order)
      const whole = Math.floor(size / CHUNK_SIZE)
      for (let chunk = 0; chunk < whole; chunk++) {
        if (into.fresh[chunk] === CHUNK_LEAVES || into.tree.get(chunk)) continue
        const stored = roots.subarray(chunk * HASH_SIZE, (chunk + 1) * HASH_SIZE)
        if (stored.length < HASH_SIZE || stored.every((byte) => byte === 0)) return null
        into.tree.set(chunk, stored)
      }
      return tryProve(into, size, root)
    },

    /** Hashes up to `most` chunks below `size`, from `from` on; only those not yet hashed here unless `all`. */
    async rehash({
      order,
      size,
      from,
      most,
      all,
    }: Of & { from: number; most: number; all: boolean }): Promise<{ next: number; damaged: number[] }> {
      const into = find(order)
      const chunks = Math.ceil(size / CHUNK_SIZE)
      const stale: [chunk: number, leaves: number][] = []
      let next = from
      for (; next < chunks && stale.length < most; next++) {
        const leaves = leavesBelow(next, size)
        if (all || into.fresh[next] !== leaves) stale.push([next, leaves])
      }
      const damagedChunks: number[] = []
      await hashChunks(into, stale, (root, chunk, leaves) => {
        const expected = into.proven.has(size) ? expectedRoot(into, chunk, size) : undefined
        const same = expected === undefined || Buffer.from(expected).equals(root)
        if (!same) damagedChunks.push(chunk)
        // a cut chunk may have grown since: its root is of `size` alone
        else if (expected === undefined || leaves === CHUNK_LEAVES) {
          if (!keep(into, chunk, leaves, root)) damagedChunks.push(chunk)
        }
      })
      return { next, damaged: damagedChunks }
    },

    /** The root over `size` bytes, every chunk root known; proven from now on when it is `root`. */
    prove: ({ order, size, root }: Of & { root: Hex }): Hex => tryProve(find(order), size, root),

    /** All chunk roots of a proven commitment, to be stored. */
    dump({ order, size }: Of): Uint8Array {
      const from = find(order)
      const count = Math.ceil(size / CHUNK_SIZE)
      return from.tree.chunkRoots({ first: 0, count, size, lastChunkRoot: from.last.get(size) })
    },

    /**
     * Reads a range into the arena at `at`, and gives the siblings (flow 11). Of a chunk that the range cuts, the rest is needed
     * for them, so it is checked; all others with `checked` only.
     */
    async range({
      order,
      offset,
      length,
      size,
      at,
      checked,
    }: Of & { offset: number; length: number; at: number; checked: boolean }): Promise<Uint8Array[]> {
      const from = find(order)
      const data = new Uint8Array(arena, at, length)
      const firstChunk = Math.floor(offset / CHUNK_SIZE)
      const lastChunk = Math.floor((offset + length - 1) / CHUNK_SIZE)
      const edgeChunkData = new Map<number, Uint8Array>()
      const bad: number[] = []
      const pieces = Array.from({ length: lastChunk - firstChunk + 1 }, (_, i) => {
        const first = Math.max(offset, (firstChunk + i) * CHUNK_SIZE)
        const end = Math.min(offset + length, (firstChunk + i + 1) * CHUNK_SIZE)
        return { offset: first, into: data.subarray(first - offset, end - offset) }
      })
      await eachRead(from, pieces, (piece, i) => {
        const chunk = firstChunk + i
        const start = chunk * CHUNK_SIZE
        const leaves = leavesBelow(chunk, size)
        const inside = piece.length === leaves * LEAF_SIZE
        if (inside && !checked) return
        const chunkData = inside ? piece : readChunk(from, chunk, leaves, chunk === firstChunk ? 0 : 1)
        if (!inside) edgeChunkData.set(chunk, chunkData)
        const expected = expectedRoot(from, chunk, size)
        if (!expected || !Buffer.from(expected).equals(chunkRoot(hasher, chunkData))) bad.push(chunk)
        else if (!inside && !sameBytes(chunkData, start, data, offset)) bad.push(chunk)
      })
      if (bad.length > 0) throw damaged(from.path, bad, 'the data is not what was committed')
      const first = offset / LEAF_SIZE
      const count = length / LEAF_SIZE
      const wanted = new Set(edgeChunks({ first, count, size }))
      for (const chunk of edgeChunkData.keys()) if (!wanted.has(chunk)) edgeChunkData.delete(chunk)
      return rangeSiblings({
        hasher,
        tree: from.tree,
        level: 0,
        first,
        count,
        size,
        edgeChunkData,
        lastChunkRoot: from.last.get(size),
      })
    },

    roots({ order, first, count, size }: Of & { first: number; count: number }) {
      const { tree, last } = find(order)
      const lastChunkRoot = last.get(size)
      return {
        roots: tree.chunkRoots({ first, count, size, lastChunkRoot }),
        siblings: rangeSiblings({ hasher, tree, level: 10, first, count, size, lastChunkRoot }),
      }
    },

    /** null: the commitment is not proven here yet. */
    leaf({ order, index, size, root }: Of & { index: number; root: Hex }) {
      const from = find(order)
      if (from.proven.get(size) !== root) return null
      const chunk = Math.floor(index / CHUNK_LEAVES)
      const expected = expectedRoot(from, chunk, size)
      if (!expected) throw damaged(from.path, [chunk], 'its root is not known')
      const quick = leafFromTwig(from, index, size, expected)
      if (quick !== null) return quick
      const chunkData = readNow(
        from,
        chunk * CHUNK_SIZE,
        leafData.subarray(0, leavesBelow(chunk, size) * LEAF_SIZE),
      )
      // hashed once: the same nodes show that the data is right and make the path
      const levels = chunkLevels(hasher, chunkData)
      const chunkNode = levels[CHUNK_HEIGHT]
      if (!chunkNode || !Buffer.from(expected).equals(chunkNode)) {
        throw damaged(from.path, [chunk], 'the data is not what was committed')
      }
      const over = levels[TWIG_HEIGHT]
      if (over && chunkData.length === CHUNK_SIZE) {
        twigs.set(over)
        keepTwigs(from, chunk)
      }
      const at = (index % CHUNK_LEAVES) * LEAF_SIZE
      const path = leafPath({
        hasher,
        tree: from.tree,
        chunkData,
        leafIndex: index,
        size,
        depth: from.tree.depth,
        levels,
        lastChunkRoot: from.last.get(size),
      })
      return { leaf: chunkData.slice(at, at + LEAF_SIZE), path }
    },

    hmac({
      order,
      offset,
      length,
      key,
    }: At & { offset: number; length: number; key: Uint8Array }): Uint8Array {
      const from = find(order)
      const hmac = createHmac('sha256', key)
      for (let at = 0; at < length; at += CHUNK_SIZE) {
        hmac.update(readNow(from, offset + at, scratch[0].subarray(0, Math.min(CHUNK_SIZE, length - at))))
      }
      return new Uint8Array(hmac.digest())
    },
  }
}

/** True when the parts of `chunk` (from byte `chunkAt`) and `data` (from byte `dataAt`) that overlap are equal. */
function sameBytes(chunk: Uint8Array, chunkAt: number, data: Uint8Array, dataAt: number): boolean {
  const first = Math.max(chunkAt, dataAt)
  const end = Math.min(chunkAt + chunk.length, dataAt + data.length)
  const part = Buffer.from(chunk.buffer, chunk.byteOffset + first - chunkAt, end - first)
  return part.equals(data.subarray(first - dataAt, end - dataAt))
}

/** They can be made again at any time: without them leaves are proved from their whole chunk. */
function openTwigs(path: string): number | null {
  try {
    return openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
  } catch {
    return null
  }
}
