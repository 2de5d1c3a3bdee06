import { DmcError } from '@dmc/core/errors/dmc-error'
import { chunkRoot } from '@dmc/core/merkle/chunk-root'
import { CHUNK_SIZE, LEAF_SIZE } from '@dmc/core/merkle/constants'
import { hashToHex } from '@dmc/core/merkle/hash-hex'
import { createNodeHasher } from '@dmc/core/merkle/node-hasher'
import type { Hex } from 'viem'
import type { BackupRun } from '../../source/types.ts'
import { interrupted } from '../wait.ts'
import type { MinerClient } from './miner-client.ts'
import { PieceMemory } from './piece-memory.ts'
import { pieceSize } from './piece-size.ts'

/** What delivery needs of a backup. */
export type DeliverSource = Pick<
  BackupRun,
  'session' | 'base' | 'spooledSize' | 'waitSpooled' | 'readSpool' | 'chunkRoot' | 'release' | 'encoded'
>

export interface DeliverProgress {
  /** Log bytes that the miner holds durably, what it held before included. */
  durableSize: number
  /** Bytes sent and acknowledged by this run. */
  sentBytes: number
  /** Size of the log when encoding has finished, else null. */
  totalSize: number | null
}

export interface DeliverOptions {
  client: MinerClient
  run: DeliverSource
  signal: AbortSignal
  /** To be released by the caller, once this has resolved and the client is closed. */
  pieces?: PieceMemory
  onProgress?: (progress: DeliverProgress) => void
  /** Pieces on their way at once. */
  parallel?: number
  /** Bytes of a piece at most (`piece-size.ts`): whole chunks, at most 8 MiB. */
  mostOfPiece?: number
}

const MOST_RESENDS = 1

/** From `first` up to, not including, `end`, in bytes. */
interface Piece {
  first: number
  end: number
}

/**
 * Sends what the backup spools, as it is spooled, and seals it (flows 11, 13). Starts where the miner's durable data
 * ends, compares the miner's chunk roots (what its disk holds) with our own, and lets the spool go only then.
 * Connections that break are made again by the client.
 * @throws CHUNK_ROOT_MISMATCH when a chunk is wrong twice, COMMITMENT_MISMATCH, SESSION_*, ORDER_*, PEER_*, INTERRUPTED
 */
export async function deliver(options: DeliverOptions): Promise<{ sentBytes: number; durableSize: number }> {
  const { client, run, onProgress, parallel = 3, mostOfPiece = 4 * CHUNK_SIZE } = options
  const { pieces = new PieceMemory() } = options
  const stopped = new AbortController()
  const signal = AbortSignal.any([options.signal, stopped.signal])
  let total: number | null = null
  let sent = 0
  run.encoded.then(
    ({ commitment }) => {
      total = Number(commitment.size)
    },
    () => {},
  )
  // a power cut may have taken from our spool what the miner holds: we go on from what we have
  let { durableSize } = await client.append(run.session, run.base, run.spooledSize)
  run.release(durableSize)
  const report = () => onProgress?.({ durableSize, sentBytes: sent, totalSize: total })
  report()

  let next = durableSize
  let wanted = CHUNK_SIZE
  const open = new Set<Piece>()
  const done = (piece: Piece, durable: number, ms: number) => {
    open.delete(piece)
    sent += piece.end - piece.first
    wanted = pieceSize(wanted, piece.end - piece.first, ms, mostOfPiece)
    durableSize = Math.max(durableSize, durable)
    // not beyond what is compared: a piece that is wrong must still be there to be sent again
    let safe = Math.min(durableSize, next)
    for (const { first } of open) safe = Math.min(safe, first)
    run.release(safe)
    report()
  }
  const takePiece = async (): Promise<Piece | null> => {
    const piece = await nextPiece(run, next, wanted)
    if (piece === null) return null
    next = piece.end
    open.add(piece)
    return piece
  }
  // One asks at a time, so that pieces follow each other; many send.
  let asking: Promise<unknown> = Promise.resolve()
  const ask = (): Promise<Piece | null> => {
    const piece = asking.then(() => (signal.aborted ? null : takePiece()))
    asking = piece.catch(() => null)
    return piece
  }
  const sender = async () => {
    // of its own: the last piece is acknowledged before the next one is read over it
    const memory = pieces.take(mostOfPiece)
    for (let piece = await ask(); piece !== null; piece = await ask()) {
      const began = performance.now()
      const durable = await sendPiece(client, run, piece, memory)
      done(piece, durable, performance.now() - began)
    }
  }
  const senders = Array.from({ length: parallel }, () => sender())
  const aborted = new Promise<never>((_resolve, reject) => {
    options.signal.addEventListener('abort', () => reject(interrupted()), { once: true })
    if (options.signal.aborted) reject(interrupted())
  })
  aborted.catch(() => {})
  try {
    await Promise.race([Promise.all(senders), aborted])
    const { commitment } = await Promise.race([run.encoded, aborted])
    total = Number(commitment.size)
    report()
    await client.seal(run.session, commitment)
    return { sentBytes: sent, durableSize }
  } catch (error) {
    stopped.abort()
    for (const one of senders) one.catch(() => {})
    throw options.signal.aborted ? interrupted() : error
  }
}

/** The next whole chunks that are spooled; the rest when encoding is over; null when all is taken. */
async function nextPiece(run: DeliverSource, first: number, wanted: number): Promise<Piece | null> {
  const boundary = (Math.floor(first / CHUNK_SIZE) + 1) * CHUNK_SIZE
  let spooled = await run.waitSpooled(first)
  // a chunk that is still growing waits until it is whole, or until nothing more comes
  while (spooled > first && spooled < boundary) {
    const more = await run.waitSpooled(spooled)
    if (more <= spooled) break
    spooled = more
  }
  if (spooled <= first) return null
  const most = Math.min(spooled, boundary - CHUNK_SIZE + wanted)
  return { first, end: most < boundary ? most : Math.floor(most / CHUNK_SIZE) * CHUNK_SIZE }
}

async function sendPiece(
  client: MinerClient,
  run: DeliverSource,
  { first, end }: Piece,
  memory: Buffer,
): Promise<number> {
  for (let resends = 0; ; resends++) {
    const data = await run.readSpool(first, end - first, memory)
    const reply = await client.putLeaves(run.session, first / LEAF_SIZE, data)
    const wrong = await wrongChunks(run, first, end, new Map(reply.chunks))
    if (wrong.length === 0) return reply.durableSize
    if (resends < MOST_RESENDS) continue
    await mustBeOurs(run, first, data)
    throw new DmcError(
      'CHUNK_ROOT_MISMATCH',
      `The miner holds other data than what was sent: chunk ${wrong.join(', ')} of order ${client.orderId}.`,
      { hint: 'Its disk or memory is faulty. Take another bill, or tell the miner.', retryable: false },
    )
  }
}

/** A disk that was pulled out may give back other bytes than it was given. @throws RangeError: the session can't go on */
async function mustBeOurs(run: DeliverSource, first: number, data: Buffer): Promise<void> {
  const hasher = createNodeHasher()
  const skip = (CHUNK_SIZE - (first % CHUNK_SIZE)) % CHUNK_SIZE
  for (let at = skip; at + CHUNK_SIZE <= data.length; at += CHUNK_SIZE) {
    const chunk = (first + at) / CHUNK_SIZE
    const root = chunkRoot(hasher, data.subarray(at, at + CHUNK_SIZE))
    if (Buffer.from(root).equals(await run.chunkRoot(chunk))) continue
    throw new RangeError(`the spool does not hold what was encoded as chunk ${chunk}`)
  }
}

/** Chunks of a piece whose root at the miner is not ours. */
async function wrongChunks(
  run: DeliverSource,
  first: number,
  end: number,
  theirs: Map<number, Hex>,
): Promise<number[]> {
  const wrong: number[] = []
  for (let chunk = Math.floor(first / CHUNK_SIZE); chunk * CHUNK_SIZE < end; chunk++) {
    const ours = hashToHex(await run.chunkRoot(chunk))
    if (theirs.get(chunk) !== ours) wrong.push(chunk)
  }
  return wrong
}
