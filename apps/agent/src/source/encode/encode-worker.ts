import { type MessagePort, parentPort } from 'node:worker_threads'
import type { DmcError } from '@dmc/core/errors/dmc-error'
import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import { stepBack } from '../../worker/step-back.ts'
import { EncodeRun } from './encode-run.ts'
import { letGoDamaged } from './let-go-damaged.ts'
import { toDiskFull } from './spool-io.ts'
import type { EncodeJob, FromWorker, ToWorker } from './worker-types.ts'

/**
 * The encode worker: one append session of one source. It works synchronously until the log's new part is encoded,
 * then it answers requests: committed, dropped, close.
 */
export function run(job: EncodeJob): void {
  const port = parentPort
  if (!port) throw new Error('not a worker')
  stepBack()
  const send = (message: FromWorker, transfer: MessagePort[] = []) => port.postMessage(message, transfer)
  let work: EncodeRun | null = null
  const requests: Record<ToWorker['type'], (message: ToWorker) => void> = {
    committed: (message) => {
      if (message.type === 'committed') work?.committed({ root: message.root, size: message.size })
    },
    dropped: () => work?.dropped(),
    close: () => {
      try {
        work?.close()
      } finally {
        // or this thread would never end, and whoever waits for it neither
        work = null
        port.close()
      }
    },
  }
  port.on('message', (message: ToWorker) => {
    try {
      requests[message.type](message)
      send({ type: 'done', request: message.request })
    } catch (error) {
      send({ type: 'refused', request: message.request, error: worded(error).toJSON() })
    }
  })
  try {
    work = new EncodeRun(job, send)
    work.encode()
  } catch (error) {
    send({ type: 'failed', error: describe(letGoDamaged(job.folder, error) ?? worded(error)) })
  }
}

const worded = (error: unknown): DmcError => toDiskFull(error) ?? toDmcError(error)

const describe = (error: DmcError) => ({ ...error.toJSON(), meta: error.meta })
