import { type Transferable, Worker } from 'node:worker_threads'
import { forcedHasherTier } from '@dmc/core/merkle/hasher-tier'

/** Every worker thread of the agent; the same names in `run-worker.ts`. */
export type WorkerName = 'encode' | 'seal' | 'spool' | 'store' | 'restore'

/** Set by the bundler: what the agent is published as. */
declare const __DMC_BUNDLE__: boolean | undefined

/**
 * Starts a worker thread: `run-worker.ts` from source, and in the published agent the file beside the bundle that holds
 * nothing but the workers. Each thread reads and keeps its whole file, and the agent's is six times as large.
 */
export function startWorker(name: WorkerName, data: unknown, transfer: readonly Transferable[] = []): Worker {
  const bundled = typeof __DMC_BUNDLE__ !== 'undefined' && __DMC_BUNDLE__
  const file = new URL(bundled ? './dmc-worker.mjs' : './run-worker.ts', import.meta.url)
  return new Worker(file, {
    workerData: { dmcWorker: name, hasherTier: forcedHasherTier(), data },
    transferList: [...transfer],
    // Workers make much short-lived garbage, and memory counts more here than its collection: a small nursery, and a heap
    // that is cleaned when it has grown by two fifths, not fourfold (V8 goes by the limit; nobody comes near it).
    resourceLimits: { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 512 },
  })
}
