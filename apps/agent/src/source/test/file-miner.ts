import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs'
import type { Commitment } from '@dmc/core/chain/types'
import { deriveSourceKey } from '@dmc/core/log/derive-keys'
import { nodeLogCrypto as crypto } from '@dmc/core/log/node-log-crypto'
import { rootFromChunkRoots } from '@dmc/core/merkle/commitment'
import { CHUNK_SIZE, treeDepth } from '@dmc/core/merkle/constants'
import { hashChunks } from '@dmc/core/merkle/hash-chunks'
import { createNodeHasher } from '@dmc/core/merkle/node-hasher'
import { bytesToHex } from 'viem'
import { type StartBackupOptions, startBackup } from '../start-backup.ts'
import type {
  BackupRun,
  EncodedResult,
  SourceKeys,
  VolumeHead,
  VolumeReader,
  VolumeTarget,
} from '../types.ts'

export const CHAIN = { chainId: 31337, market: '0x00000000000000000000000000000000000000aa' } as const
/** The most that can go wrong between threads, however little there is to seal. */
export const SEVERAL_THREADS = { threads: 3, sealFrom: 0 }
export const MASTER = new Uint8Array(32).fill(0x42)

export function keysFor(salt: Uint8Array = new Uint8Array(32).fill(7)): SourceKeys {
  return { salt, sourceKey: deriveSourceKey(crypto, MASTER, salt) }
}

export const targetOf = (mib: number, number = 0): VolumeTarget => ({
  orderId: BigInt(10 + number),
  volumeId: `${number.toString(16).padStart(2, '0')}`.repeat(16),
  number,
  keyEpoch: 0,
  maxSize: mib * CHUNK_SIZE,
})

/** A miner that is one file: takes what is spooled, and re-derives the commitment from what it has. */
export class FileMiner implements VolumeReader {
  readonly file: string
  readonly target: VolumeTarget
  commitment: Commitment | null = null
  /** Bytes that readers asked for. */
  bytesRead = 0
  reads = 0

  constructor(file: string, target: VolumeTarget) {
    this.file = file
    this.target = target
    closeSync(openSync(file, 'a'))
  }

  get size(): number {
    return statSync(this.file).size
  }

  /** Takes everything of a run as it is spooled, releasing as it goes, until it is encoded. */
  async take(run: BackupRun, piece = 3 * CHUNK_SIZE): Promise<EncodedResult> {
    const fd = openSync(this.file, 'r+')
    try {
      ftruncateSync(fd, Math.max(Number(run.base?.size ?? 0n), Math.min(this.size, run.spooledSize)))
      for (let size = fstatSync(fd).size; ; ) {
        const spooled = await run.waitSpooled(size)
        if (spooled <= size) break
        const bytes = await run.readSpool(size, Math.min(piece, spooled - size))
        writeSync(fd, bytes, 0, bytes.length, size)
        size += bytes.length
        await run.release(size)
      }
    } finally {
      closeSync(fd)
    }
    return run.encoded
  }

  /** The commitment to the file as it is. */
  derive(): Commitment {
    const hasher = createNodeHasher()
    const roots = hashChunks(hasher, readFileSync(this.file))
    const root = rootFromChunkRoots(hasher, roots, treeDepth(this.target.maxSize / CHUNK_SIZE))
    return { root: bytesToHex(root), size: BigInt(this.size) }
  }

  async read(volumeId: string, offset: number, length: number): Promise<Buffer> {
    if (volumeId !== this.target.volumeId) throw new Error(`no volume ${volumeId} here`)
    const bytes = Buffer.alloc(length)
    const fd = openSync(this.file, 'r')
    try {
      const read = readSync(fd, bytes, 0, length, offset)
      if (read !== length) throw new Error(`${length} bytes at ${offset}: only ${read} there`)
    } finally {
      closeSync(fd)
    }
    this.bytesRead += length
    this.reads++
    return bytes
  }

  head(): VolumeHead {
    if (!this.commitment) throw new Error('nothing is committed')
    const { orderId } = this.target
    const header = readFileSync(this.file).subarray(0, 1024)
    return { orderId, commitment: this.commitment, header, ...CHAIN }
  }
}

/** One whole backup: encode, deliver, agree. */
export async function backUp(
  miner: FileMiner,
  options: Omit<StartBackupOptions, 'target' | 'base' | 'chain'>,
): Promise<EncodedResult> {
  const run = await startBackup({
    ...options,
    target: miner.target,
    base: miner.commitment,
    chain: CHAIN,
    options: { ...SEVERAL_THREADS, ...options.options },
  })
  try {
    const result = await miner.take(run)
    await run.committed(result.commitment)
    miner.commitment = result.commitment
    return result
  } finally {
    await run.stop()
  }
}
