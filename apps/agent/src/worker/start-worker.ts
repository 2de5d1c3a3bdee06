import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Transferable, Worker } from 'node:worker_threads'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { forcedHasherTier } from '@dmc/core/merkle/hasher-tier'

/** Every worker thread of the agent; the same names in `run-worker.ts`. */
export type WorkerName = 'encode' | 'seal' | 'spool' | 'store' | 'restore'

/** Set by the bundler: the name of the file with the workers; empty in that file itself. */
declare const __DMC_WORKERS__: string | undefined

/**
 * Starts a worker thread: `run-worker.ts` from source, and in the published agent the file beside the bundle that holds
 * nothing but the workers. Each thread reads and keeps its whole file, and the agent's is six times as large. Its name says what is in
 * it: threads of another version than the agent that runs would not understand it.
 * @throws AGENT_UPGRADED
 */
export function startWorker(name: WorkerName, data: unknown, transfer: readonly Transferable[] = []): Worker {
  const file = workersFile()
  if (!existsSync(file)) {
    throw new DmcError(
      'AGENT_UPGRADED',
      `This agent was upgraded or removed while it ran: ${fileURLToPath(file)} is not there any more.`,
      { hint: 'Start the service again, and this goes on where it was: dmc-agent stop, then dmc-agent run.' },
    )
  }
  return new Worker(file, {
    workerData: { dmcWorker: name, hasherTier: forcedHasherTier(), data },
    transferList: [...transfer],
    // Workers make much short-lived garbage, and memory counts more here than its collection: a small nursery, and a heap
    // that is cleaned when it has grown by two fifths, not fourfold (V8 goes by the limit; nobody comes near it).
    resourceLimits: { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 512 },
  })
}

function workersFile(): URL {
  const bundled = typeof __DMC_WORKERS__ === 'undefined' ? null : __DMC_WORKERS__
  if (bundled === '') return new URL(import.meta.url)
  return new URL(bundled === null ? './run-worker.ts' : `./${bundled}`, import.meta.url)
}
