import type { MessagePort, Worker } from 'node:worker_threads'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { reviveError, toDmcError } from '@dmc/core/errors/to-dmc-error'

/** Operations of a worker: one argument, one result, both structured-cloneable. */
// biome-ignore lint/suspicious/noExplicitAny: the shape of any table of functions
export type WorkerOps = Record<string, (args: any) => unknown>

type Args<O extends WorkerOps, K extends keyof O> = Parameters<O[K]>[0]
type Result<O extends WorkerOps, K extends keyof O> = Awaited<ReturnType<O[K]>>

interface Reply {
  id: number
  value?: unknown
  error?: unknown
}

/** Calls into one worker thread, answered in the order that they were made; the urgent ones of the other side before that. */
export interface WorkerChannel<O extends WorkerOps> {
  call<K extends keyof O & string>(op: K, args: Args<O, K>): Promise<Result<O, K>>
  close(): Promise<void>
}

/** The main thread's side. A worker that dies rejects everything that is open or comes later. */
export function openChannel<O extends WorkerOps>(worker: Worker): WorkerChannel<O> {
  const open = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>()
  let next = 1
  let dead: Error | null = null
  const die = (error: Error) => {
    dead ??= error
    for (const { reject } of open.values()) reject(error)
    open.clear()
    worker.unref()
  }
  worker.unref()
  worker.on('message', ({ id, value, error }: Reply) => {
    const caller = open.get(id)
    open.delete(id)
    if (open.size === 0) worker.unref()
    if (error === undefined) caller?.resolve(value as never)
    else caller?.reject(revive(error))
  })
  worker.on('error', (error) => die(toDmcError(error)))
  worker.on('exit', () =>
    die(
      new DmcError('BUG', 'A storage worker of the sector service has ended.', {
        hint: 'Start the agent again; everything acknowledged is on disk.',
      }),
    ),
  )
  return {
    call(op, args) {
      return new Promise((resolve, reject) => {
        if (dead) return reject(dead)
        const id = next++
        open.set(id, { resolve, reject })
        worker.ref()
        worker.postMessage({ id, op, args })
      })
    },
    async close() {
      await worker.terminate()
    },
  }
}

function revive(json: unknown): DmcError {
  const error = reviveError(json)
  const { meta } = json as { meta?: DmcError['meta'] }
  return new DmcError(error.code, error.message, {
    hint: error.hint,
    retryable: error.retryable,
    meta: meta ?? {},
  })
}

/**
 * The worker's side: runs the operations one after another. The `urgent` ones must be synchronous; they run as soon as they come,
 * between two steps of the one that is at work.
 */
export function serveChannel(port: MessagePort, ops: WorkerOps, urgent: readonly string[] = []): void {
  let last: Promise<void> = Promise.resolve()
  port.on('message', ({ id, op, args }: { id: number; op: string; args: never }) => {
    const fail = (error: unknown) => {
      const known = toDmcError(error)
      port.postMessage({ id, error: { ...known.toJSON(), meta: known.meta } })
    }
    if (urgent.includes(op)) {
      try {
        port.postMessage({ id, value: ops[op]?.(args) })
      } catch (error) {
        fail(error)
      }
      return
    }
    last = last.then(async () => {
      try {
        const run = ops[op]
        if (!run) throw new Error(`no such operation: ${op}`)
        port.postMessage({ id, value: await run(args) })
      } catch (error) {
        fail(error)
      }
    })
  })
}
