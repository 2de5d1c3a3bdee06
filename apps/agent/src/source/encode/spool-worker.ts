import type { MessagePort } from 'node:worker_threads'
import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import { CHUNK_SIZE } from '@dmc/core/merkle/constants'
import { createNodeHasher } from '@dmc/core/merkle/node-hasher'
import { takeOver } from './hand-over.ts'
import { Sealer, type SealWorkerData } from './seal-worker.ts'
import type { SpoolPlace } from './spool-files.ts'
import { toDiskFull } from './spool-io.ts'
import { type SharedSpool, SpoolMemory } from './spool-memory.ts'
import { SpoolWriter } from './spool-writer.ts'

export interface SpoolWorkerData {
  place: SpoolPlace
  shared: SharedSpool
  /** Volume offset below which bytes are in the spool already. */
  written: number
  /** What waits to be sealed when there is nothing to write. */
  sealing: SealWorkerData | null
}

/** The spool worker: hashes and writes what the encode worker seals, so that each has a core. Ends with the `close` job. */
export function run(port: MessagePort): void {
  const { place, shared, written, sealing } = takeOver<SpoolWorkerData>(port)
  const memory = new SpoolMemory(shared)
  try {
    const { durable } = memory
    const writer = new SpoolWriter(place, createNodeHasher(), { written, durable })
    work(memory, writer, sealing ? new Sealer(sealing) : null)
  } catch (thrown) {
    memory.fail((toDiskFull(thrown) ?? toDmcError(thrown)).toJSON())
  }
}

function work(memory: SpoolMemory, writer: SpoolWriter, sealer: Sealer | null): void {
  const buffers = Array.from({ length: memory.count }, (_, index) => memory.buffer(index))
  const bufferOf = (index: number): Buffer => buffers[index] ?? Buffer.alloc(0)
  try {
    for (let job = memory.take(); job.type !== 'close'; job = memory.take()) {
      if (job.type === 'seal') sealer?.sealNext()
      else if (job.type === 'chunks') writer.chunks(bufferOf(job.buffer), job.start, job.whole)
      else if (job.type === 'root')
        writer.root(job.start / CHUNK_SIZE, bufferOf(job.buffer).subarray(0, job.length))
      else if (job.type === 'write') {
        writer.write(bufferOf(job.buffer), job.start, job.size)
        memory.written = job.size
      } else {
        writer.sync(bufferOf(job.buffer), job.start, job.size, job.released)
        memory.written = job.size
        memory.durable = job.size
      }
      memory.finish()
    }
  } finally {
    writer.files.close()
  }
  // of `close`; a job that failed is never counted as done, `fail` is what its waiters hear
  memory.finish()
}
