import { workerData } from 'node:worker_threads'
import { forceHasherTier, type HasherTier } from '@dmc/core/merkle/hasher-tier'
import type { WorkerName } from './start-worker.ts'

// The entry of every worker thread, from source and in the published agent.

/** The entry of each worker module; loaded lazily so that a worker pays only for its own code. */
const WORKERS: Partial<Record<WorkerName, () => Promise<{ run(data: never): void }>>> = {
  encode: () => import('../source/encode/encode-worker.ts'),
  seal: () => import('../source/encode/seal-worker.ts'),
  spool: () => import('../source/encode/spool-worker.ts'),
  restore: () => import('../source/restore/restore-worker.ts'),
  store: () => import('../sector/store-worker.ts'),
}

const { dmcWorker, hasherTier, data } = workerData as {
  dmcWorker: WorkerName
  hasherTier: HasherTier | null
  data: never
}
forceHasherTier(hasherTier)
const load = WORKERS[dmcWorker]
if (!load) throw new Error(`no such worker: ${dmcWorker}`)
;(await load()).run(data)
