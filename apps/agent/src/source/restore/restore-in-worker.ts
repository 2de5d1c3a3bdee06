import { DmcError } from '@dmc/core/errors/dmc-error'
import { reviveError } from '@dmc/core/errors/to-dmc-error'
import { encodeSnapshotRecord } from '@dmc/core/log/snapshot-record'
import { startWorker } from '../../worker/start-worker.ts'
import type { RestoreOptions } from '../restore-snapshot.ts'
import type { RestoreResult } from '../types.ts'
import type { FromRestoreWorker, RestoreJob, ToRestoreWorker } from './worker-messages.ts'

/** `restoreHere` in a thread of its own: decrypting and writing run beside the reading and checking in this one. */
export function restoreInWorker(options: RestoreOptions): Promise<RestoreResult> {
  const { snapshot, signal, onProgress, path, overwrite, folder } = options
  const job: RestoreJob = {
    keys: snapshot.opened.keys,
    catalog: snapshot.opened.bytes,
    snapshotId: snapshot.snapshotId,
    record: encodeSnapshotRecord(snapshot.record),
    target: Buffer.from(options.target),
    ...(folder === undefined ? {} : { folder }),
    ...(path ? { path } : {}),
    ...(overwrite ? { overwrite } : {}),
  }
  const worker = startWorker('restore', job)
  const send = (message: ToRestoreWorker, transfer: ArrayBuffer[] = []) =>
    worker.postMessage(message, transfer)
  /** Reads that the worker no longer waits for end with it. */
  const reads = new AbortController()

  const answer = async ({ request, volumeId, offset, length }: FromRestoreWorker & { type: 'read' }) => {
    try {
      const bytes = await snapshot.reader.read(volumeId, offset, length, reads.signal)
      const whole = bytes.buffer instanceof ArrayBuffer && bytes.buffer.byteLength === bytes.byteLength
      // handed over; a part of a larger buffer (small ones share one) is copied first
      const own = whole ? bytes : new Uint8Array(bytes)
      send({ type: 'bytes', request, bytes: own }, [own.buffer as ArrayBuffer])
    } catch (error) {
      send({ type: 'unread', request, error: describe(error) })
    }
  }

  return new Promise<RestoreResult>((resolve, reject) => {
    const abort = () => {
      send({ type: 'abort' })
      reads.abort()
    }
    signal?.addEventListener('abort', abort, { once: true })
    if (signal?.aborted) abort()
    const finish = (settle: () => void) => {
      signal?.removeEventListener('abort', abort)
      reads.abort()
      void worker.terminate()
      settle()
    }
    worker.on('message', (message: FromRestoreWorker) => {
      if (message.type === 'read') void answer(message)
      else if (message.type === 'progress') onProgress?.(message.progress)
      else if (message.type === 'restored') finish(() => resolve(message.result))
      else finish(() => reject(reviveError(message.error)))
    })
    const died = (how: string, cause?: unknown) =>
      finish(() =>
        reject(
          new DmcError('BUG', `The worker that restores died: ${how}.`, {
            hint: 'Run the restore again: it goes on where it stopped. Then report this.',
            retryable: true,
            cause,
          }),
        ),
      )
    worker.on('error', (error) => died(String(error), error))
    worker.on('exit', (code) => died(`it ended with code ${code}`))
  })
}

/** An error for another thread; what is no DmcError keeps its message. */
function describe(error: unknown): unknown {
  if (DmcError.is(error)) return error.toJSON()
  return { code: 'PEER_ERROR', message: error instanceof Error ? error.message : String(error) }
}
