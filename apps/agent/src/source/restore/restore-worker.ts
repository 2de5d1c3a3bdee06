import { parentPort } from 'node:worker_threads'
import { reviveError, toDmcError } from '@dmc/core/errors/to-dmc-error'
import { decodeCatalog } from '@dmc/core/log/catalog'
import { decodeSnapshotRecord } from '@dmc/core/log/snapshot-record'
import { BlobReader } from '../read-blob.ts'
import type { VolumeReader } from '../types.ts'
import { restoreHere } from './restore-run.ts'
import type { FromRestoreWorker, RestoreJob, ToRestoreWorker } from './worker-messages.ts'

/** The restore worker: opens blobs and writes files; bytes of volumes come from the thread that started it. */
export function run(job: RestoreJob): void {
  const port = parentPort
  if (!port) throw new Error('not a worker')
  const send = (message: FromRestoreWorker) => port.postMessage(message)
  const stop = new AbortController()
  const waiting = new Map<number, { resolve(bytes: Buffer): void; reject(error: Error): void }>()
  let requests = 0
  const reader: VolumeReader = {
    read: (volumeId, offset, length) =>
      new Promise((resolve, reject) => {
        const request = requests++
        waiting.set(request, { resolve, reject })
        send({ type: 'read', request, volumeId, offset, length })
      }),
  }
  port.on('message', (message: ToRestoreWorker) => {
    if (message.type === 'abort') {
      stop.abort()
      return
    }
    const reply = waiting.get(message.request)
    waiting.delete(message.request)
    if (message.type === 'bytes') {
      const { buffer, byteOffset, byteLength } = message.bytes
      reply?.resolve(Buffer.from(buffer, byteOffset, byteLength))
    } else reply?.reject(reviveError(message.error))
  })
  const catalog = decodeCatalog(job.catalog)
  const record = decodeSnapshotRecord(job.record)
  restoreHere({
    snapshot: {
      snapshotId: job.snapshotId,
      record,
      blobs: new BlobReader(reader, job.keys, catalog, stop.signal),
    },
    target: Buffer.from(job.target),
    signal: stop.signal,
    onProgress: (progress) => send({ type: 'progress', progress }),
    ...(job.folder === undefined ? {} : { folder: job.folder }),
    ...(job.path ? { path: job.path } : {}),
    ...(job.overwrite ? { overwrite: job.overwrite } : {}),
  }).then(
    (result) => send({ type: 'restored', result }),
    (error) => send({ type: 'failed', error: toDmcError(error).toJSON() }),
  )
}
