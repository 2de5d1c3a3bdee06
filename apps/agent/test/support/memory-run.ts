import { randomBytes } from 'node:crypto'
import type { Commitment } from '@dmc/core/chain/types'
import { chunkRoot } from '@dmc/core/merkle/chunk-root'
import { rootFromChunkRoots } from '@dmc/core/merkle/commitment'
import { CHUNK_SIZE, HASH_SIZE, treeDepth } from '@dmc/core/merkle/constants'
import { hashToHex } from '@dmc/core/merkle/hash-hex'
import { createNodeHasher } from '@dmc/core/merkle/node-hasher'
import type { DeliverSource } from '../../src/contract/wire/deliver.ts'

const hasher = createNodeHasher()

export function commitmentOf(log: Buffer, capacityMiB: number): Commitment {
  const roots = new Uint8Array(Math.ceil(log.length / CHUNK_SIZE) * HASH_SIZE)
  for (let at = 0, i = 0; at < log.length; at += CHUNK_SIZE, i++) {
    chunkRoot(hasher, log.subarray(at, at + CHUNK_SIZE), roots.subarray(i * HASH_SIZE, (i + 1) * HASH_SIZE))
  }
  return {
    root: hashToHex(rootFromChunkRoots(hasher, roots, treeDepth(capacityMiB))),
    size: BigInt(log.length),
  }
}

export interface MemoryRun extends DeliverSource {
  readonly released: number
  readonly commitment: Commitment
}

/** A finished log as a backup source; everything is spooled from the start. */
export function createMemoryRun(
  log: Buffer,
  capacityMiB: number,
  base: Commitment | null,
  session?: string,
): MemoryRun {
  const commitment = commitmentOf(log, capacityMiB)
  let released = 0
  return {
    session: session ?? randomBytes(16).toString('hex'),
    base,
    commitment,
    spooledSize: log.length,
    get released() {
      return released
    },
    waitSpooled: async () => log.length,
    readSpool: async (offset, length) => log.subarray(offset, offset + length),
    chunkRoot: async (index) =>
      chunkRoot(hasher, log.subarray(index * CHUNK_SIZE, Math.min(log.length, (index + 1) * CHUNK_SIZE))),
    async release(size) {
      released = Math.max(released, size)
    },
    encoded: Promise.resolve({
      commitment,
      snapshot: {
        snapshotId: '00'.repeat(16),
        generation: 1,
        time: 0,
        files: 0,
        bytes: 0,
        missing: 0,
        addedBytes: 0,
      },
      missing: [],
      excluded: 0,
      forgotten: [],
      unchanged: false,
    }),
  }
}
