import { randomBytes } from 'node:crypto'
import type { Commitment, OrderOnChain } from '@dmc/core/chain/types'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { CHUNK_SIZE } from '@dmc/core/merkle/constants'
import { formatSize } from '@dmc/core/units/format-size'
import type { BackupProgress, BackupRun, EncodedResult } from '../source/types.ts'
import { crashPoint } from '../store/crash-point.ts'
import type { ContractContext } from './context.ts'
import { type ContractRow, listContracts, setContract } from './contract-rows.ts'
import { noteUserOrder } from './note-user-order.ts'
import { sameCommitment } from './same-commitment.ts'
import { mustBeOpen, mustTakeData } from './take-data.ts'
import { interrupted, pause, withRetry } from './wait.ts'
import { type DeliverProgress, deliver } from './wire/deliver.ts'
import { connectMiner } from './wire/miner-client.ts'
import { PieceMemory } from './wire/piece-memory.ts'

export type BackupEvent =
  | ({ type: 'encode' } & BackupProgress)
  | ({ type: 'deliver' } & DeliverProgress)
  | { type: 'note'; message: string }
  | { type: 'prepared'; root: string; size: bigint }
  | { type: 'active'; orderId: bigint }

/** How a person wants a backup. */
export interface BackupWish {
  /** Into this order of the source; null: its newest that takes data. */
  orderId: bigint | null
  /** A folder without files may follow a snapshot that has some. */
  mayBeEmpty: boolean
}

export interface BackupResult {
  orderId: bigint
  encoded: EncodedResult
  /** Wall seconds from the start of this process's part. */
  seconds: { encode: number; deliver: number; agree: number; total: number }
}

/** While waiting for the miner: a line at least so often, and our own statement is looked after. */
const QUIET_MS = 30_000

export type Retry = <T>(work: () => Promise<T>) => Promise<T>

/** What a new session cures: the miner has lost, fenced or mixed up this one. */
const LOST: readonly string[] = [
  'SESSION_FENCED',
  'SESSION_UNKNOWN',
  'SESSION_BASE_MISMATCH',
  'COMMITMENT_MISMATCH',
]
/** Repeats what may succeed later, and says so. */
export const retrying =
  (signal: AbortSignal, emit: (event: BackupEvent) => void): Retry =>
  (work) =>
    withRetry(work, {
      signal,
      onRetry: (error, ms) =>
        emit({ type: 'note', message: `${error.message} Trying again in ${Math.round(ms / 1000)} s.` }),
    })

/** The session can't go on, at the miner or because what it held was let go here and is not there any more. */
export function isLost(error: unknown): boolean {
  if (DmcError.is(error)) return LOST.includes(error.code)
  return error instanceof RangeError || (error as NodeJS.ErrnoException)?.code === 'ENOENT'
}

/** The miner answers for another commitment than the chain has: it is late, our session is good. */
export class MinerBehind extends Error {
  constructor(cause: unknown) {
    super('the miner is behind the chain', { cause })
  }
}

/** Both sides have agreed on just what this session holds, before we looked: the next look at the chain ends it. */
export class AgreedMeanwhile extends Error {}

/**
 * One append session from start, or from where it was left, to the commitment in force.
 * @throws MinerBehind and AgreedMeanwhile, with the session kept; what `isLost` says, with the session forgotten; everything else with the session kept
 */
export async function backUpSession(
  context: ContractContext,
  contract: ContractRow,
  emit: (event: BackupEvent) => void,
  outer: AbortSignal,
  { mayBeEmpty }: BackupWish,
): Promise<BackupResult> {
  const { orderId } = contract
  const started = performance.now()
  const since = () => (performance.now() - started) / 1000
  const order = await retrying(outer, emit)(() => context.reader.order(orderId))
  noteUserOrder(context, order)
  mustBeOpen(order)
  // the miner would say no to our hello, in its own words, after everything has been read
  await retrying(outer, emit)(() => context.acts.mayPrepare(order.user))
  const run = await startRun(context, contract, order, mayBeEmpty, emit, outer)
  const session = new AbortController()
  const signal = AbortSignal.any([outer, session.signal])
  const retry = retrying(signal, emit)
  const stop = () => void run.stop().catch(ignore)
  outer.addEventListener('abort', stop, { once: true })
  let encodeSeconds = 0
  let ours: Commitment | null = null
  let cannotState: unknown = null
  try {
    run.encoded.then(({ commitment }) => {
      ours = commitment
      crashPoint('encoded')
      encodeSeconds = since()
    }, ignore)
    const prepared = statePrepare(context, orderId, run, retry, emit, signal)
    // no right to state, no gas: said at once, not after hours of sending
    prepared.catch((error) => {
      cannotState ??= error
      session.abort(error)
    })
    const delivered = await deliverUnlessHeld(context, order, run, retry, emit, signal)
    const deliverSeconds = delivered ? since() : 0
    const encoded = await run.encoded
    await prepared
    await waitForAgreement(context, order, encoded.commitment, retry, emit, signal)
    crashPoint('agreed')
    await run.committed(encoded.commitment)
    crashPoint('committed')
    setContract(context.store, orderId, 'user', { state: 'active' })
    emit({ type: 'active', orderId })
    return {
      orderId,
      encoded,
      seconds: { encode: encodeSeconds, deliver: deliverSeconds, agree: since(), total: since() },
    }
  } catch (thrown) {
    const error = outer.aborted ? interrupted() : (cannotState ?? thrown)
    // what is still being tried for this session ends with it
    session.abort()
    if (DmcError.is(error) && error.code === 'SESSION_BASE_MISMATCH') {
      const now = await context.reader.order(orderId).catch(() => null)
      if (now && sameCommitment(now.commitment, order.commitment)) {
        await run.stop()
        throw new MinerBehind(error)
      }
      // a kill came between seal and agreement: the miner has gone on to what we have here
      if (now && ours && sameCommitment(now.commitment, ours)) {
        await run.stop()
        throw new AgreedMeanwhile()
      }
    }
    const over = DmcError.is(error) && error.code === 'ORDER_REFUSED'
    if (over || isLost(error)) await run.dropped()
    else await run.stop()
    throw error
  } finally {
    outer.removeEventListener('abort', stop)
  }
}

async function startRun(
  context: ContractContext,
  contract: ContractRow,
  order: OrderOnChain,
  mayBeEmpty: boolean,
  emit: (event: BackupEvent) => void,
  signal: AbortSignal,
): Promise<BackupRun> {
  const { sourceId } = contract
  if (sourceId === null) throw new Error(`contract ${contract.orderId} has no source`)
  // flow 15: chosen once and kept, so that a killed backup goes on in the same volume
  if (contract.volumeId === null) {
    contract.volumeId = randomBytes(16).toString('hex')
    contract.volumeNumber = volumesOf(context, sourceId)
    const { volumeId, volumeNumber } = contract
    setContract(context.store, contract.orderId, 'user', { volumeId, volumeNumber, state: 'delivering' })
  }
  return context.source.start({
    sourceId,
    target: {
      orderId: contract.orderId,
      volumeId: contract.volumeId,
      number: contract.volumeNumber ?? 0,
      keyEpoch: 0,
      maxSize: Number(order.capacity) * 1024 * 1024,
    },
    base: order.commitment,
    mayBeEmpty,
    signal,
    onNote: (message) => emit({ type: 'note', message }),
    onProgress: (progress) => {
      if (progress.bytes > 0) crashPoint('encoding')
      emit({ type: 'encode', ...progress })
    },
  })
}

/** How many volumes the source's log has; those of orders that were refused never came to be. */
function volumesOf(context: ContractContext, sourceId: string): number {
  return listContracts(context.store, 'user').filter(
    (other) => other.sourceId === sourceId && other.volumeId !== null && other.state !== 'refused',
  ).length
}

/** flow 7: as soon as the root is known our side states it, while the last bytes may still be on their way. */
async function statePrepare(
  context: ContractContext,
  orderId: bigint,
  run: BackupRun,
  retry: Retry,
  emit: (event: BackupEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const { commitment } = await run.encoded
  const order = await retry(() => context.reader.order(orderId))
  if (sameCommitment(order.commitment, commitment)) return
  await stateOurs(context, orderId, commitment, retry, emit, signal)
  emit({ type: 'prepared', root: commitment.root, size: commitment.size })
}

/** Longest between two blocks of a chain that people use. */
const BLOCK_MS = 15_000

/**
 * flow 8: what the Market does not take any more was most likely refused by the miner meanwhile. The newest block knows that before
 * it is confirmed, and then that, not the Market's no to our statement, is what a person needs to be told.
 */
async function stateOurs(
  context: ContractContext,
  orderId: bigint,
  commitment: Commitment,
  retry: Retry,
  emit: (event: BackupEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  try {
    await retry(() => context.acts.prepare(orderId, 'user', commitment))
  } catch (error) {
    if (!DmcError.is(error) || error.code !== 'MARKET_WRONG_STATE') throw error
    const patience = performance.now() + (context.confirmations + 2) * BLOCK_MS
    let told = false
    do {
      mustBeOpen(await retry(() => context.reader.order(orderId)))
      if (!told) {
        told = true
        const message = `The Market takes no statement for order ${orderId}; waiting until its blocks are confirmed and say why.`
        emit({ type: 'note', message })
      }
      await pause(200, signal)
    } while (performance.now() < patience)
    throw error
  }
}

/** Progress of a delivery is told no oftener. */
const TELL_MS = 100

/**
 * flow 11, flow 13: false when the chain already says that the miner holds it all: nothing has changed, or a kill came after the
 * agreement. That ends the sending whenever it becomes known: what needs no miner must not wait for one that is away.
 */
async function deliverUnlessHeld(
  context: ContractContext,
  order: OrderOnChain,
  run: BackupRun,
  retry: Retry,
  emit: (event: BackupEvent) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const over = new AbortController()
  const held = run.encoded.then(async ({ commitment }) => {
    const now = await retry(() => context.reader.order(order.orderId))
    const isHeld = sameCommitment(now.commitment, commitment)
    if (isHeld) over.abort()
    return isHeld
  })
  held.catch(ignore)
  // most of what has not changed is known by then, and no miner is asked at all; a first commitment always is something new
  const known = order.commitment === null ? false : pause(200, signal).then(() => false)
  if (await Promise.race([held, known])) return false
  try {
    await deliverToMiner(context, order, run, emit, AbortSignal.any([signal, over.signal]))
    return true
  } catch (error) {
    if (over.signal.aborted && !signal.aborted) return false
    throw error
  }
}

async function deliverToMiner(
  context: ContractContext,
  order: OrderOnChain,
  run: BackupRun,
  emit: (event: BackupEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const { orderId } = order
  const retry = retrying(signal, emit)
  const client = await retry(async () => {
    // flow 8: while we wait for the miner, it may have refused on chain
    mustBeOpen(await context.reader.order(orderId))
    const endpoint = await context.reader.endpoint(order.billId)
    return connectMiner({
      endpoint,
      reader: context.reader,
      orderId,
      role: 'user',
      signer: context.operator,
      allowPrivate: context.allowPrivateEndpoints,
      bandwidth: context.bandwidth,
      signal,
      onRetry: (error, ms) =>
        emit({
          type: 'note',
          message: `${error.message} Trying again in ${Math.max(1, Math.round(ms / 1000))} s.`,
        }),
    })
  })
  const pieces = new PieceMemory()
  try {
    let toldAt = 0
    const onProgress = (progress: DeliverProgress) => {
      const { sentBytes, durableSize, totalSize } = progress
      if (sentBytes > 0) crashPoint('delivering')
      if (durableSize === totalSize) crashPoint('delivered')
      // each piece is reported; a person reads no faster than this
      if (durableSize !== totalSize && performance.now() - toldAt < TELL_MS) return
      toldAt = performance.now()
      emit({ type: 'deliver', ...progress })
    }
    const { limit, smallPieces } = context.bandwidth.up
    if (limit !== null)
      emit({ type: 'note', message: `Sending at most ${formatSize(limit)}/s (bandwidth.upload).` })
    await deliver({
      client,
      run,
      signal,
      pieces,
      onProgress,
      ...(smallPieces ? { mostOfPiece: CHUNK_SIZE } : {}),
    })
    crashPoint('sealed')
  } finally {
    await client.close()
  }
  // what was cut short may still be read into; that is left to the garbage collector
  pieces.release()
}

/**
 * flow 10: equal statements make the commitment the one in force. Waiting is never silent, and our own statement is made
 * again should it be gone from the chain.
 */
async function waitForAgreement(
  context: ContractContext,
  { orderId, commitment: base }: OrderOnChain,
  commitment: Commitment,
  retry: Retry,
  emit: (event: BackupEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  let quietSince = performance.now()
  for (;;) {
    const order = await retry(() => context.reader.order(orderId))
    if (sameCommitment(order.commitment, commitment)) return
    mustBeOpen(order)
    if (!sameCommitment(order.commitment, base)) {
      throw new DmcError('SESSION_BASE_MISMATCH', `Order ${orderId} got another commitment meanwhile.`, {
        hint: 'Another host of the same wallet backs up into this order: use one order for each host.',
      })
    }
    if (performance.now() - quietSince > QUIET_MS) {
      quietSince = performance.now()
      await mustTakeData(context, order, retry)
      await stateOurs(context, orderId, commitment, retry, emit, signal)
      emit({
        type: 'note',
        message:
          order.minerPrepare && !sameCommitment(order.minerPrepare, commitment)
            ? `The miner of order ${orderId} states another commitment (${order.minerPrepare.size} bytes); waiting for it to state ours.`
            : `Waiting for the miner of order ${orderId} to state the commitment on chain.`,
      })
    }
    await pause(100, signal)
  }
}

function ignore(): void {}
