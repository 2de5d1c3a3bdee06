import { closeSync, openSync, readSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { chunkRoot } from '../packages/core/src/merkle/chunk-root.ts'
import { CHUNK_SIZE, HASH_SIZE } from '../packages/core/src/merkle/constants.ts'
import type { HasherTier } from '../packages/core/src/merkle/hasher-tier.ts'
import { chooseHasher } from '../packages/core/src/merkle/node-hasher.ts'

/** A contiguous range of whole chunks of a file. */
export interface TreeTask {
  file: string
  firstChunk: number
  chunks: number
}

// One thread: its own file descriptor, one buffer used again and again, only chunk roots cross the border.
const { hasher } = chooseHasher((workerData as { tier: HasherTier | null }).tier)
const buffer = Buffer.allocUnsafeSlow(CHUNK_SIZE)
parentPort?.on('message', ({ file, firstChunk, chunks }: TreeTask) => {
  const fd = openSync(file, 'r')
  const roots = new Uint8Array(chunks * HASH_SIZE)
  for (let i = 0; i < chunks; i++) {
    const length = readSync(fd, buffer, 0, CHUNK_SIZE, (firstChunk + i) * CHUNK_SIZE)
    chunkRoot(hasher, buffer.subarray(0, length), roots.subarray(i * HASH_SIZE, (i + 1) * HASH_SIZE))
  }
  closeSync(fd)
  parentPort?.postMessage(roots)
})
parentPort?.postMessage('ready')
