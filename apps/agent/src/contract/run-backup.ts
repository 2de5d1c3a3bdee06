import { DmcError } from '@dmc/core/errors/dmc-error'
import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import {
  AgreedMeanwhile,
  type BackupEvent,
  type BackupResult,
  type BackupWish,
  backUpSession,
  isLost,
  MinerBehind,
  type Retry,
  retrying,
} from './back-up-session.ts'
import { finishBackupJob, openBackupJob } from './backup-jobs.ts'
import type { ContractContext } from './context.ts'
import { type ContractRow, contractsOfSource, findContract, listContracts } from './contract-rows.ts'
import { noteUserOrder } from './note-user-order.ts'
import { mustTakeData, orderRefused } from './take-data.ts'
import { pause } from './wait.ts'

const MOST_RESTARTS = 3
/** A miner that has not heard yet of what the chain says: looked at again so often, with this pause. */
const MOST_BEHIND = 30
const BEHIND_MS = 10_000
/**
 * Backs up one source into its order, from reading to the commitment in force (flows 7, 11 to 13, 15).
 * Killed anywhere and called again it goes on: session, spool, job and statements are all on disk or on chain.
 * @throws ORDER_NOT_FOUND, ORDER_REFUSED, ORDER_STATE, SOURCE_* , PEER_*, INTERRUPTED
 */
export async function runBackup(
  context: ContractContext,
  sourceId: string,
  emit: (event: BackupEvent) => void,
  signal: AbortSignal,
  wish: BackupWish = { orderId: null, mayBeEmpty: false },
): Promise<BackupResult> {
  const wanted = wish.orderId
  const asked = Date.now()
  const candidates = candidatesFor(context, sourceId, wanted)
  const [first] = candidates
  if (!first) throw refusedLast(context, sourceId, wanted) ?? noOrder(sourceId, wanted)
  let job = openBackupJob(context.store, sourceId, first.orderId)
  try {
    const contract = await chooseContract(context, candidates, retrying(signal, emit))
    if (contract.orderId !== first.orderId) {
      job = { ...openBackupJob(context.store, sourceId, contract.orderId), resumed: job.resumed }
    }
    let result = await backUpInto(context, contract, emit, signal, wish)
    const { unchanged, snapshot: done } = result.encoded
    if (!job.resumed && !unchanged && done.time < asked) {
      emit({
        type: 'note',
        message: `Snapshot ${done.snapshotId.slice(0, 12)}, begun earlier, is stored now; going on with what has changed since.`,
      })
      result = await backUpInto(context, contract, emit, signal, wish)
    }
    finishBackupJob(context.store, job.jobId, { result })
    noteDone(context, sourceId, result)
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

function noteDone(context: ContractContext, sourceId: string, { orderId, encoded }: BackupResult): void {
  const { snapshot, missing, unchanged, excluded, forgotten } = encoded
  const left = excluded > 0 ? ` ${excluded} names were left out by its excludes.` : ''
  context.journal.add({
    level: missing.length > 0 ? 'warning' : 'info',
    event: 'backup-done',
    subject: `source:${sourceId}`,
    message: unchanged
      ? `Nothing changed since the last snapshot of source ${sourceId}; order ${orderId} holds it.`
      : `Snapshot ${snapshot.snapshotId} of source ${sourceId} is held under order ${orderId}${missing.length > 0 ? `; ${snapshot.missing} files could not be stored` : ''}.${left}`,
    data: { orderId, ...snapshot, excluded },
  })
  if (forgotten.length === 0) return
  context.journal.add({
    event: 'snapshots-forgotten',
    subject: `source:${sourceId}`,
    message:
      `As the retention of source ${sourceId} says, ${forgotten.length === 1 ? 'a snapshot was' : `${forgotten.length} snapshots were`} forgotten: ${forgotten.map((id) => id.slice(0, 12)).join(', ')}.`.slice(
        0,
        4000,
      ),
    data: { forgotten: forgotten.slice(0, 100) },
  })
}

/** This host's orders of the source, the newest first; or only the wanted one. */
function candidatesFor(context: ContractContext, sourceId: string, wanted: bigint | null): ContractRow[] {
  if (wanted === null) return contractsOfSource(context.store, sourceId)
  const contract = findContract(context.store, wanted, 'user')
  return contract?.sourceId === sourceId ? [contract] : []
}

/** The newest order that takes data by what the chain says; rows of those that have ended are put right on the way. */
async function chooseContract(
  context: ContractContext,
  candidates: ContractRow[],
  retry: Retry,
): Promise<ContractRow> {
  let reason: unknown = null
  for (const contract of candidates) {
    try {
      const order = await retry(() => context.reader.order(contract.orderId))
      noteUserOrder(context, order)
      await mustTakeData(context, order, retry)
      return contract
    } catch (error) {
      if (!DmcError.is(error) || !['ORDER_REFUSED', 'ORDER_STATE', 'ORDER_NOT_FOUND'].includes(error.code))
        throw error
      reason ??= error
    }
  }
  throw reason
}

async function backUpInto(
  context: ContractContext,
  contract: ContractRow,
  emit: (event: BackupEvent) => void,
  signal: AbortSignal,
  wish: BackupWish,
): Promise<BackupResult> {
  for (let restarts = 0, behind = 0; ; ) {
    try {
      return await backUpSession(context, contract, emit, signal, wish)
    } catch (error) {
      if (error instanceof MinerBehind) {
        if (++behind > MOST_BEHIND) throw error.cause
        emit({
          type: 'note',
          message: `The miner has not yet seen the commitment in force of order ${contract.orderId}. Trying again in ${BEHIND_MS / 1000} s.`,
        })
        await pause(BEHIND_MS, signal)
        continue
      }
      if (error instanceof AgreedMeanwhile) continue
      if (DmcError.is(error) && error.code === 'CACHE_DAMAGED' && ++restarts < MOST_RESTARTS) {
        emit({ type: 'note', message: `${error.message} Every file is read again.` })
        context.journal.add({
          level: 'warning',
          event: 'cache-damaged',
          subject: `source:${contract.sourceId}`,
          message: `${error.message} The backup goes on without it. Look at the disk: this is not done by the agent.`,
        })
        continue
      }
      if (!isLost(error) || ++restarts >= MOST_RESTARTS) throw error
      emit({
        type: 'note',
        message: `The miner no longer has this session (${DmcError.is(error) ? error.code : 'the spool is gone'}); encoding again from the last commitment.`,
      })
    }
  }
}

/** flow 8: the source's only hope was refused before the backup was asked for. */
function refusedLast(context: ContractContext, sourceId: string, wanted: bigint | null): DmcError | null {
  if (wanted !== null) return null
  const last = listContracts(context.store, 'user').findLast((row) => row.sourceId === sourceId)
  return last?.state === 'refused' ? orderRefused(last.orderId, last.reason) : null
}

const noOrder = (sourceId: string, wanted: bigint | null): DmcError =>
  new DmcError(
    'ORDER_NOT_FOUND',
    wanted === null
      ? `Source ${sourceId} has no order to back up into.`
      : `Order ${wanted} is no order of source ${sourceId}.`,
    {
      hint:
        wanted === null
          ? `Take one first: dmc-agent order create --source ${sourceId}`
          : `See which it has: dmc-agent order list --source ${sourceId}`,
    },
  )
