import { interrupted } from './contract/wait.ts'

export interface Job {
  jobId: string
  kind: 'backup' | 'restore'
  subject: string
  stage: string
  done: number
  total: number
}

interface Entry<E> {
  job: Job
  promise: Promise<unknown>
  listeners: Set<(event: E) => void>
  abort: AbortController
  followers: number
}

/**
 * Long work in this process: asked for twice it runs once, and everybody who asked sees its progress. In the running agent
 * work goes on when the one who asked goes away; in a command it stops with the command.
 */
export class JobBoard {
  readonly #jobs = new Map<string, Entry<never>>()
  readonly #keepGoing: boolean

  constructor(options: { keepGoing: boolean }) {
    this.#keepGoing = options.keepGoing
  }

  list(): Job[] {
    return [...this.#jobs.values()].map((entry) => ({ ...entry.job }))
  }

  /** Starts or joins the job named `key`. Rejects with INTERRUPTED when `signal` aborts, whether or not the job goes on. */
  async run<T, E>(
    options: {
      key: string
      kind: Job['kind']
      subject: string
      signal: AbortSignal
      emit: (event: E) => void
    },
    work: (emit: (event: E) => void, signal: AbortSignal, job: Job) => Promise<T>,
  ): Promise<T> {
    const entry = this.#join<T, E>(options, work)
    entry.followers++
    entry.listeners.add(options.emit)
    let left: (() => void) | undefined
    const gone = new Promise<never>((_resolve, reject) => {
      left = () => {
        if (!this.#keepGoing && entry.followers === 1) entry.abort.abort(interrupted())
        reject(interrupted())
      }
      if (options.signal.aborted) left()
      else options.signal.addEventListener('abort', left, { once: true })
    })
    try {
      // stopping inside a command waits for the clean stop itself
      const promise = entry.promise as Promise<T>
      return await (this.#keepGoing
        ? Promise.race([promise, gone])
        : Promise.race([promise, gone.catch(() => promise)]))
    } finally {
      entry.followers--
      entry.listeners.delete(options.emit)
      if (left) options.signal.removeEventListener('abort', left)
      gone.catch(() => {})
    }
  }

  #join<T, E>(
    options: { key: string; kind: Job['kind']; subject: string },
    work: (emit: (event: E) => void, signal: AbortSignal, job: Job) => Promise<T>,
  ): Entry<E> {
    const known = this.#jobs.get(options.key)
    if (known) return known as unknown as Entry<E>
    const abort = new AbortController()
    const listeners = new Set<(event: E) => void>()
    const job: Job = {
      jobId: options.key,
      kind: options.kind,
      subject: options.subject,
      stage: 'starting',
      done: 0,
      total: 0,
    }
    const emit = (event: E) => {
      for (const listener of listeners) listener(event)
    }
    const entry: Entry<E> = { job, listeners, abort, followers: 0, promise: Promise.resolve() }
    this.#jobs.set(options.key, entry as unknown as Entry<never>)
    entry.promise = work(emit, abort.signal, job).finally(() => this.#jobs.delete(options.key))
    entry.promise.catch(() => {})
    return entry
  }

  /** Stops everything cleanly and waits for it. */
  async close(): Promise<void> {
    const entries = [...this.#jobs.values()]
    for (const entry of entries) entry.abort.abort(interrupted())
    await Promise.allSettled(entries.map((entry) => entry.promise))
  }
}
