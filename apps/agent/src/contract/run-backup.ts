import { randomBytes } from 'node:crypto'
import type { Commitment, OrderOnChain } from '@dmc/core/chain/types'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import type { BackupProgress, BackupRun, EncodedResult } from '../source/types.ts'
import { crashPoint } from '../store/crash-point.ts'
import { finishBackupJob, openBackupJob } from './backup-jobs.ts'
import type { ContractContext } from './context.ts'
import { type ContractRow, contractOfSource, setContract } from './contract-rows.ts'
import { sameCommitment } from './same-commitment.ts'
import { interrupted, pause, withRetry } from './wait.ts'
import { type DeliverProgress, deliver } from './wire/deliver.ts'
import { connectMiner } from './wire/miner-client.ts'

export type BackupEvent =
  | ({ type: 'encode' } & BackupProgress)
  | ({ type: 'deliver' } & DeliverProgress)
  | { type: 'note'; message: string }
  | { type: 'prepared'; root: string; size: bigint }
  | { type: 'active'; orderId: bigint }

export interface BackupResult {
  orderId: bigint
  encoded: EncodedResult
  /** Wall seconds from the start of this process's part. */
  seconds: { encode: number; deliver: number; agree: number; total: number }
}

const MOST_RESTARTS = 3

/**
 * Backs up one source into its order, from reading to the commitment in force (flows 7, 11 to 13, 15).
 * Killed anywhere and called again it goes on: session, spool, job and statements are all on disk or on chain.
 * @throws ORDER_REFUSED, ORDER_STATE, SOURCE_* , PEER_*, INTERRUPTED
 */
export async function runBackup(
  context: ContractContext,
  sourceId: string,
  emit: (event: BackupEvent) => void,
  signal: AbortSignal,
): Promise<BackupResult> {
  const contract = contractOfSource(context.store, sourceId)
  if (!contract) {
    throw new DmcError('ORDER_NOT_FOUND', `Source ${sourceId} has no order to back up into.`, {
      hint: `Take one first: dmc-agent order create --source ${sourceId}`,
    })
  }
  const job = openBackupJob(context.store, sourceId, contract.orderId)
  try {
    const result = await backUpInto(context, contract, emit, signal)
    finishBackupJob(context.store, job.jobId, { result })
    const { snapshot, missing, unchanged } = result.encoded
    context.journal.add({
      level: missing.length > 0 ? 'warning' : 'info',
      event: 'backup-done',
      subject: `source:${sourceId}`,
      message: unchanged
        ? `Nothing changed since the last snapshot of source ${sourceId}; order ${contract.orderId} holds it.`
        : `Snapshot ${snapshot.snapshotId} of source ${sourceId} is held under order ${contract.orderId}${missing.length > 0 ? `; ${missing.length} files could not be stored` : ''}.`,
      data: { orderId: contract.orderId, ...snapshot },
    })
    return result
  } catch (thrown) {
    const error = toDmcError(thrown)
    // Stopped or cut off is not failed: the job stays running and goes on at the next start.
    if (error.code !== 'INTERRUPTED' && !error.retryable) {
      finishBackupJob(context.store, job.jobId, { error })
      context.journal.add({
        level: 'error',
        event: 'backup-failed',
        subject: `source:${sourceId}`,
        message: `${error.message} ${error.hint}`,
        data: { code: error.code },
      })
    }
    throw error
  }
}

async function backUpInto(
  context: ContractContext,
  contract: ContractRow,
  emit: (event: BackupEvent) => void,
  signal: AbortSignal,
): Promise<BackupResult> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await oneSession(context, contract, emit, signal)
    } catch (error) {
      const lost =
        DmcError.is(error) &&
        ['SESSION_FENCED', 'SESSION_UNKNOWN', 'SESSION_BASE_MISMATCH'].includes(error.code)
      if (!lost || attempt >= MOST_RESTARTS) throw error
      emit({
        type: 'note',
        message: `The miner no longer has this session (${error.code}); encoding again from the last commitment.`,
      })
    }
  }
}

async function oneSession(
  context: ContractContext,
  contract: ContractRow,
  emit: (event: BackupEvent) => void,
  signal: AbortSignal,
): Promise<BackupResult> {
  const started = performance.now()
  const since = () => (performance.now() - started) / 1000
  const retry = <T>(work: () => Promise<T>) =>
    withRetry(work, {
      signal,
      onRetry: (error, ms) =>
        emit({ type: 'note', message: `${error.message} Trying again in ${Math.round(ms / 1000)} s.` }),
    })
  const order = await retry(() => context.reader.order(contract.orderId))
  mustBeOpen(order)
  const run = await startRun(context, contract, order, emit)
  const stop = () => void run.stop()
  signal.addEventListener('abort', stop, { once: true })
  let encodeSeconds = 0
  try {
    run.encoded.then(() => {
      crashPoint('encoded')
      encodeSeconds = since()
    }, ignore)
    const prepared = statePrepare(context, contract.orderId, run, retry, emit)
    prepared.catch(ignore)
    const delivered = await deliverUnlessHeld(context, order, run, retry, emit, signal)
    const deliverSeconds = delivered ? since() : 0
    const encoded = await run.encoded
    await prepared
    await waitForAgreement(context, contract.orderId, encoded.commitment, retry, signal)
    crashPoint('agreed')
    await run.committed(encoded.commitment)
    crashPoint('committed')
    setContract(context.store, contract.orderId, 'user', { state: 'active' })
    emit({ type: 'active', orderId: contract.orderId })
    return {
      orderId: contract.orderId,
      encoded,
      seconds: { encode: encodeSeconds, deliver: deliverSeconds, agree: since(), total: since() },
    }
  } catch (error) {
    if (
      DmcError.is(error) &&
      ['SESSION_FENCED', 'SESSION_UNKNOWN', 'SESSION_BASE_MISMATCH', 'ORDER_REFUSED'].includes(error.code)
    ) {
      await run.dropped()
    } else await run.stop()
    if (signal.aborted) throw interrupted()
    throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

async function startRun(
  context: ContractContext,
  contract: ContractRow,
  order: OrderOnChain,
  emit: (event: BackupEvent) => void,
): Promise<BackupRun> {
  const { sourceId } = contract
  if (sourceId === null) throw new Error(`contract ${contract.orderId} has no source`)
  // flow 15: chosen once and kept, so that a killed backup goes on in the same volume
  let volumeId = contract.volumeId
  if (volumeId === null) {
    volumeId = randomBytes(16).toString('hex')
    setContract(context.store, contract.orderId, 'user', { volumeId, volumeNumber: 0, state: 'delivering' })
    contract.volumeId = volumeId
  }
  return context.source.start({
    sourceId,
    target: {
      orderId: contract.orderId,
      volumeId,
      number: contract.volumeNumber ?? 0,
      keyEpoch: 0,
      maxSize: Number(order.capacity) * 1024 * 1024,
    },
    base: order.commitment,
    onProgress: (progress) => {
      if (progress.bytes > 0) crashPoint('encoding')
      emit({ type: 'encode', ...progress })
    },
  })
}

/** flow 7: as soon as the root is known our side states it, while the last bytes may still be on their way. */
async function statePrepare(
  context: ContractContext,
  orderId: bigint,
  run: BackupRun,
  retry: <T>(work: () => Promise<T>) => Promise<T>,
  emit: (event: BackupEvent) => void,
): Promise<void> {
  const { commitment } = await run.encoded
  const order = await retry(() => context.reader.order(orderId))
  if (sameCommitment(order.commitment, commitment)) return
  await retry(() => context.acts.prepare(orderId, 'user', commitment))
  emit({ type: 'prepared', root: commitment.root, size: commitment.size })
}

/** flow 11, flow 13: false when the chain already says that the miner holds it all (a kill came after the agreement). */
async function deliverUnlessHeld(
  context: ContractContext,
  order: OrderOnChain,
  run: BackupRun,
  retry: <T>(work: () => Promise<T>) => Promise<T>,
  emit: (event: BackupEvent) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const { orderId } = order
  const early = await Promise.race([run.encoded, pause(200, signal).then(() => null)])
  if (early) {
    const now = await retry(() => context.reader.order(orderId))
    if (sameCommitment(now.commitment, early.commitment)) return false
  }
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
      signal,
      onRetry: (error, ms) =>
        emit({
          type: 'note',
          message: `${error.message} Trying again in ${Math.max(1, Math.round(ms / 1000))} s.`,
        }),
    })
  })
  try {
    const onProgress = (progress: DeliverProgress) => {
      const { sentBytes, durableSize, totalSize } = progress
      if (sentBytes > 0) crashPoint('delivering')
      if (durableSize === totalSize) crashPoint('delivered')
      emit({ type: 'deliver', ...progress })
    }
    await deliver({ client, run, signal, onProgress })
    crashPoint('sealed')
    return true
  } finally {
    await client.close()
  }
}

/** flow 10: equal statements make the commitment the one in force. */
async function waitForAgreement(
  context: ContractContext,
  orderId: bigint,
  commitment: Commitment,
  retry: <T>(work: () => Promise<T>) => Promise<T>,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const order = await retry(() => context.reader.order(orderId))
    if (sameCommitment(order.commitment, commitment)) return
    mustBeOpen(order)
    await pause(250, signal)
  }
}

/** @throws ORDER_REFUSED or ORDER_STATE unless the order can still take data. */
function mustBeOpen(order: OrderOnChain): void {
  if (order.state === 'preparing' || order.state === 'active') return
  if (order.state === 'refused') {
    throw new DmcError(
      'ORDER_REFUSED',
      `The miner refused order ${order.orderId}; escrow and reserve are back in your credit.`,
      {
        hint: 'Take another bill: dmc-agent order create; the reason is in the journal (dmc-agent journal).',
      },
    )
  }
  throw new DmcError(
    'ORDER_STATE',
    `Order ${order.orderId} is ${order.state}; only a preparing or active order takes data.`,
    {
      hint: 'Create a new order for this source: dmc-agent order create.',
    },
  )
}

function ignore(): void {}
