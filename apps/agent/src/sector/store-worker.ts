import { parentPort } from 'node:worker_threads'
import { createHashOps, URGENT } from './hash-orders.ts'
import { createJournalOps } from './sector-journal.ts'
import { serveChannel } from './worker-channel.ts'

export type StoreWorkerData = { kind: 'hash'; arena: SharedArrayBuffer } | { kind: 'journal' }

/** Entry of the 'store' worker thread: hashing, or the sectors' journals. */
export function run(data: StoreWorkerData): void {
  if (!parentPort) throw new Error('the store worker runs in a worker thread only')
  if (data.kind === 'hash') serveChannel(parentPort, createHashOps(data.arena), URGENT)
  else serveChannel(parentPort, createJournalOps())
}
