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
  keepGoing: boolean
}

export interface JobOptions<E> {
  /** The same key is the same job. */
  key: string
  kind: Job['kind']
  subject: string
  signal: AbortSignal
  emit: (event: E) => void
  /** Goes on without anybody who follows it. Default: the board's. */
  keepGoing?: boolean
}

/**
 * Long work in this process: asked for twice it runs once, and everybody who asked sees its progress. A job that may keep
 * going (a backup in the running agent) does so when the ones who asked go away; any other stops with the last of them.
 */
export class JobBoard {
  readonly #jobs = new Map<string, Entry<never>>()
  readonly #keepGoing: boolean
  #closed = false

  constructor(options: { keepGoing: boolean }) {
    this.#keepGoing = options.keepGoing
  }

  list(): Job[] {
    return [...this.#jobs.values()].map((entry) => ({ ...entry.job }))
  }

  /**
   * Starts or joins the job named `key`. When `signal` aborts: rejects with INTERRUPTED at once if the job goes on, else
   * when it has stopped cleanly, with what it says then (which may be that it was done).
   */
  async run<T, E>(
    options: JobOptions<E>,
    work: (emit: (event: E) => void, signal: AbortSignal, job: Job) => Promise<T>,
  ): Promise<T> {
    if (options.signal.aborted || this.#closed) throw interrupted()
    const entry = this.#join<T, E>(options, work)
    const { signal, emit } = options
    // each asks for itself: two may hand in the same function
    const listener = (event: E) => emit(event)
    entry.followers++
    entry.listeners.add(listener)
    const promise = entry.promise as Promise<T>
    let left = () => {}
    let following = true
    const leave = () => {
      if (!following) return
      following = false
      entry.followers--
      entry.listeners.delete(listener)
      signal.removeEventListener('abort', left)
    }
    const gone = new Promise<T>((resolve, reject) => {
      left = () => {
        leave()
        if (entry.followers > 0 || entry.keepGoing) return reject(interrupted())
        entry.abort.abort(interrupted())
        resolve(promise)
      }
      signal.addEventListener('abort', left, { once: true })
    })
    try {
      return await Promise.race([promise, gone])
    } finally {
      leave()
    }
  }

  #join<T, E>(
    options: JobOptions<E>,
    work: (emit: (event: E) => void, signal: AbortSignal, job: Job) => Promise<T>,
  ): Entry<E> {
    const known = this.#jobs.get(options.key)
    // one that is being stopped is not the one that is asked for now
    if (known && !known.abort.signal.aborted) return known as unknown as Entry<E>
    const { key, kind, subject, keepGoing = this.#keepGoing } = options
    const abort = new AbortController()
    const listeners = new Set<(event: E) => void>()
    const job: Job = { jobId: key, kind, subject, stage: 'starting', done: 0, total: 0 }
    const emit = (event: E) => {
      for (const listener of listeners) listener(event)
    }
    const entry: Entry<E> = { job, listeners, abort, followers: 0, keepGoing, promise: Promise.resolve() }
    this.#jobs.set(key, entry as unknown as Entry<never>)
    const before = known?.promise ?? Promise.resolve()
    entry.promise = before
      .catch(() => {})
      .then(() => work(emit, abort.signal, job))
      .finally(() => {
        if (this.#jobs.get(key) === (entry as unknown)) this.#jobs.delete(key)
      })
    entry.promise.catch(() => {})
    return entry
  }

  /** Stops everything cleanly and waits for it; nothing starts any more. */
  async close(): Promise<void> {
    this.#closed = true
    const entries = [...this.#jobs.values()]
    for (const entry of entries) entry.abort.abort(interrupted())
    await Promise.allSettled(entries.map((entry) => entry.promise))
  }
}
