import { Worker } from 'node:worker_threads'
import { forcedHasherTier } from '@dmc/core/merkle/hasher-tier'

/** Every worker thread of the agent; the same names in `run-worker.ts`. */
export type WorkerName = 'encode' | 'spool' | 'store' | 'restore'

/** Set by the bundler: the one file that the agent is published as. */
declare const __DMC_BUNDLE__: boolean | undefined

/**
 * Starts a worker thread. From source it runs `run-worker.ts`; in the published bundle the same file is started again
 * and its first lines dispatch on `workerData.dmcWorker` (one file, no paths to get wrong).
 */
export function startWorker(name: WorkerName, data: unknown, transfer: ArrayBuffer[] = []): Worker {
  const bundled = typeof __DMC_BUNDLE__ !== 'undefined' && __DMC_BUNDLE__
  const file = bundled ? new URL(import.meta.url) : new URL('./run-worker.ts', import.meta.url)
  return new Worker(file, {
    workerData: { dmcWorker: name, hasherTier: forcedHasherTier(), data },
    transferList: transfer,
    // Workers make much short-lived garbage, and memory counts more here than its collection: a small nursery, and a heap
    // that is cleaned when it has grown by two fifths, not fourfold (V8 goes by the limit; nobody comes near it).
    resourceLimits: { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 512 },
  })
}
