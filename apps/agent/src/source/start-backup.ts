import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import type { MessagePort, Worker } from 'node:worker_threads'
import type { Commitment } from '@dmc/core/chain/types'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { reviveError } from '@dmc/core/errors/to-dmc-error'
import { chunkRoot } from '@dmc/core/merkle/chunk-root'
import { CHUNK_SIZE, LEAF_SIZE } from '@dmc/core/merkle/constants'
import type { Hasher } from '@dmc/core/merkle/hasher'
import { createNodeHasher } from '@dmc/core/merkle/node-hasher'
import type { RetentionPolicy } from '@dmc/core/schedule/retention'
import type { Hex } from 'viem'
import { currentBootId } from '../disk/boot-id.ts'
import { startWorker } from '../worker/start-worker.ts'
import { Control } from './encode/control.ts'
import { SealBell } from './encode/seal-board.ts'
import { SpoolMemory } from './encode/spool-memory.ts'
import {
  DEFAULT_ENCODE_OPTIONS,
  type EncodeJob,
  type EncodeOptions,
  type FromWorker,
  type ToWorker,
} from './encode/worker-types.ts'
import {
  FREE_SEGMENT,
  freeSegment,
  rootsFile,
  SPOOL_SEGMENT,
  sourceFolder,
  spoolFile,
  spoolFolder,
} from './source-paths.ts'
import { SpoolReader } from './spool-reader.ts'
import type {
  BackupProgress,
  BackupRun,
  EncodedResult,
  SourceInfo,
  SourceKeys,
  VolumeTarget,
} from './types.ts'

export interface StartBackupOptions {
  source: Pick<SourceInfo, 'sourceId' | 'name' | 'path'>
  keys: SourceKeys
  target: VolumeTarget
  /** The commitment in force of the order; null for an empty one. */
  base: Commitment | null
  /** Where the order lives; entered into the catalog, so that recovery finds every volume. */
  chain: { chainId: number; market: Hex }
  dataDir: string
  /** Volumes (hex ids) whose orders live at least as long as the new snapshot must; the target's counts always. */
  safeVolumes?: string[]
  /** The source's excludes; none by default. */
  excludes?: readonly string[]
  /** Which earlier snapshots the new one's catalog keeps; all by default. */
  retention?: RetentionPolicy | null
  onProgress?: (progress: BackupProgress) => void
  hasher?: Hasher
  /** Makes the local cache anew from the log (`rebuildCache`); asked once when it does not match `base`. */
  rebuild?: () => Promise<void>
  options?: Partial<EncodeOptions>
}

/** Released segments that are kept: the writer is at most so far ahead. */
const MOST_FREE = 2

/** Sources whose backup runs in this process. */
const running = new Set<string>()

export const isBackupRunning = (sourceId: string): boolean => running.has(sourceId)

/**
 * Starts, or resumes after any kind of end, the backup of a source into a volume (flow 13). Resolves once the session
 * is open; encoding goes on in a worker thread.
 * @throws SOURCE_BUSY; STORE_CORRUPT when the cache does not match `base` and there is no `rebuild`.
 */
export async function startBackup(options: StartBackupOptions): Promise<BackupRun> {
  const { source, dataDir } = options
  if (running.has(source.sourceId)) {
    throw new DmcError('SOURCE_BUSY', `A backup of ${source.name} is running already.`, {
      hint: 'Wait for it, or stop it first: dmc-agent status.',
    })
  }
  await mkdir(sourceFolder(dataDir, source.sourceId), { recursive: true, mode: 0o700 })
  running.add(source.sourceId) // until the worker has ended
  let run: WorkerRun
  try {
    run = new WorkerRun(options)
  } catch (error) {
    running.delete(source.sourceId) // there is none
    throw error
  }
  try {
    await run.opened
    return run
  } catch (error) {
    await run.stop()
    if (!run.cacheIsStale || !options.rebuild) throw error
  }
  const { rebuild, ...again } = options
  await rebuild()
  return startBackup(again)
}

class WorkerRun implements BackupRun {
  session = ''
  readonly base: Commitment | null
  spooledSize = 0
  cacheIsStale = false
  readonly encoded: Promise<EncodedResult>
  readonly opened: Promise<void>
  readonly #options: StartBackupOptions
  readonly #folder: string
  readonly #control = new Control()
  readonly #worker: Worker
  readonly #hasher: Hasher
  readonly #spool: SpoolReader
  readonly #requests = new Map<number, { resolve(): void; reject(error: Error): void }>()
  readonly #exited: Promise<void>
  #spooler: Spooler | null = null
  #sealers: Sealers | null = null
  #nextRequest = 1
  #waiting: { size: number; resolve(size: number): void; reject(error: Error): void }[] = []
  #end: { result: EncodedResult } | { error: DmcError } | null = null
  #deleted: number
  #settle: { opened(): void; encoded(result: EncodedResult): void; failed(error: DmcError): void }

  constructor(options: StartBackupOptions) {
    this.#options = options
    this.base = options.base
    this.#folder = sourceFolder(options.dataDir, options.source.sourceId)
    this.#hasher = options.hasher ?? createNodeHasher()
    this.#spool = new SpoolReader({
      segment: (segment) => spoolFile(this.#folder, this.session, segment),
      roots: rootsFile(this.#folder, options.target.volumeId),
    })
    const baseSize = Number(options.base?.size ?? 0n)
    this.#deleted = Math.floor((baseSize - (baseSize % CHUNK_SIZE)) / SPOOL_SEGMENT)
    const opened = Promise.withResolvers<void>()
    const encoded = Promise.withResolvers<EncodedResult>()
    this.opened = opened.promise
    this.encoded = encoded.promise
    this.encoded.catch(() => {})
    this.#settle = {
      opened: opened.resolve,
      encoded: encoded.resolve,
      failed: (error) => {
        opened.reject(error)
        encoded.reject(error)
      },
    }
    const job: EncodeJob = {
      folder: this.#folder,
      sourcePath: options.source.path,
      sourceName: options.source.name,
      excludes: [...(options.excludes ?? [])],
      retention: options.retention ?? null,
      keys: options.keys,
      target: options.target,
      chain: options.chain,
      base: { root: options.base?.root.toLowerCase() ?? null, size: baseSize },
      safeVolumes: options.safeVolumes ?? [],
      control: this.#control.memory,
      bootId: currentBootId(),
      options: { ...DEFAULT_ENCODE_OPTIONS, ...options.options },
    }
    this.#worker = startWorker('encode', job)
    this.#worker.on('message', (message: FromWorker) => this.#onMessage(message))
    this.#worker.on('error', (error) => this.#gone(workerDied(String(error), error)))
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', (code) => {
        this.#gone(workerDied(`it ended with code ${code}`))
        void Promise.all([endSpooler(this.#spooler), endSealers(this.#sealers)]).then(() => {
          running.delete(options.source.sourceId)
          resolve()
        })
      })
    })
  }

  async waitSpooled(size: number): Promise<number> {
    if (this.spooledSize > size || (this.#end && 'result' in this.#end)) return this.spooledSize
    if (this.#end) throw this.#end.error
    return new Promise((resolve, reject) => this.#waiting.push({ size, resolve, reject }))
  }

  async readSpool(offset: number, length: number, into = Buffer.allocUnsafeSlow(length)): Promise<Buffer> {
    if (offset + length > this.spooledSize) {
      throw new RangeError(
        `bytes ${offset} to ${offset + length} are not in the spool yet (${this.spooledSize})`,
      )
    }
    const bytes = into.subarray(0, length)
    await this.#spool.read(offset, bytes)
    return bytes
  }

  async chunkRoot(index: number, size = this.spooledSize): Promise<Uint8Array> {
    const start = index * CHUNK_SIZE
    const length = Math.min(CHUNK_SIZE, size - start)
    if (length === CHUNK_SIZE && size <= this.spooledSize) return this.#spool.root(index)
    if (length <= 0 || length % LEAF_SIZE !== 0)
      throw new RangeError(`chunk ${index} has no root at ${size} bytes`)
    return chunkRoot(this.#hasher, await this.readSpool(start, length))
  }

  async release(size: number): Promise<void> {
    this.#control.release(size)
    // whole segments only; the worker may still rewrite nothing below its journalled size
    const end = Math.floor(Math.min(size, this.spooledSize) / SPOOL_SEGMENT)
    while (this.#deleted < end) {
      // claimed before anything is waited for: several acknowledgements arrive at once
      const segment = this.#deleted++
      await this.#spool.forget(segment)
      await this.#giveBack(segment)
    }
  }

  /** A few released segments stay for the writer to overwrite. */
  async #giveBack(segment: number): Promise<void> {
    const file = spoolFile(this.#folder, this.session, segment)
    try {
      const names = await readdir(spoolFolder(this.#folder, this.session))
      if (names.filter((name) => name.startsWith(FREE_SEGMENT)).length >= MOST_FREE)
        await rm(file, { force: true })
      else await rename(file, freeSegment(this.#folder, this.session, segment))
    } catch {
      // resumed: it was gone; or the whole spool is, with its session. Nobody waits for tidiness
    }
  }

  async committed(commitment: Commitment): Promise<void> {
    await this.#request({
      type: 'committed',
      request: 0,
      root: commitment.root,
      size: Number(commitment.size),
    })
    await this.stop()
  }

  async dropped(): Promise<void> {
    this.#control.stop()
    await this.#request({ type: 'dropped', request: 0 })
    await this.stop()
  }

  async stop(): Promise<void> {
    this.#control.stop()
    const asked = this.#request({ type: 'close', request: 0 }).catch(() => {})
    await Promise.race([asked, this.#exited])
    await this.#exited
    await this.#spool.close()
  }

  #onMessage(message: FromWorker): void {
    switch (message.type) {
      case 'opened':
        this.session = message.session
        this.spooledSize = message.spooled
        this.#settle.opened()
        return
      case 'progress':
        this.#options.onProgress?.(message.progress)
        return
      case 'spooled':
        this.#spooled(message.size)
        return
      case 'spooler':
        this.#spooler = startSpooler(message.control, message.port)
        return
      case 'sealers':
        this.#sealers = startSealers(message.control, message.ports)
        return
      case 'encoded':
        this.#end ??= { result: message.result }
        this.#settle.encoded(message.result)
        this.#spooled(this.spooledSize)
        return
      case 'failed':
        this.cacheIsStale = message.error.meta.cache === 'stale'
        this.#fail(reviveError(message.error))
        return
      case 'done':
        this.#requests.get(message.request)?.resolve()
        this.#requests.delete(message.request)
        return
      case 'refused':
        this.#requests.get(message.request)?.reject(reviveError(message.error))
        this.#requests.delete(message.request)
    }
  }

  #spooled(size: number): void {
    this.spooledSize = Math.max(this.spooledSize, size)
    const done = this.#end !== null
    const ready = this.#waiting.filter((waiter) => done || this.spooledSize > waiter.size)
    this.#waiting = this.#waiting.filter((waiter) => !ready.includes(waiter))
    for (const waiter of ready) waiter.resolve(this.spooledSize)
  }

  /** The thread is no more: nothing answers. */
  #gone(error: DmcError): void {
    for (const { reject } of this.#requests.values()) reject(error)
    this.#requests.clear()
    this.#fail(error)
  }

  #fail(error: DmcError): void {
    if (this.#end) return
    this.#end = { error }
    this.#settle.failed(error)
    for (const waiter of this.#waiting.splice(0)) waiter.reject(error)
  }

  #request(message: ToWorker): Promise<void> {
    const request = this.#nextRequest++
    return new Promise((resolve, reject) => {
      this.#requests.set(request, { resolve, reject })
      this.#worker.postMessage({ ...message, request })
    })
  }
}

interface Spooler {
  memory: SpoolMemory
  exited: Promise<void>
}

function startSpooler(control: SharedArrayBuffer, port: MessagePort): Spooler {
  const memory = new SpoolMemory({ control })
  let worker: Worker
  try {
    worker = startWorker('spool', port, [port])
  } catch (error) {
    memory.fail(workerDied(String(error), error).toJSON())
    return { memory, exited: Promise.resolve() }
  }
  // the encode worker waits for it without an event loop: the shared memory is how it hears
  worker.on('error', (error) => memory.fail(workerDied(String(error), error).toJSON()))
  const exited = new Promise<void>((resolve) =>
    worker.once('exit', () => {
      memory.fail(workerDied('its thread for the spool ended').toJSON())
      resolve()
    }),
  )
  return { memory, exited }
}

/** Once the encode worker is gone; one that died has not closed it. */
async function endSpooler(spooler: Spooler | null): Promise<void> {
  spooler?.memory.ask({ type: 'close' })
  await spooler?.exited
}

interface Sealers {
  bell: SealBell
  exited: Promise<unknown>
}

/** One that can't start, or ends too soon, is told in the shared memory: the encode worker waits for it without an event loop. */
function startSealers(control: SharedArrayBuffer, ports: readonly MessagePort[]): Sealers {
  const bell = new SealBell(control)
  const fail = (how: string, cause?: unknown) => bell.fail(workerDied(how, cause).toJSON())
  const exits = ports.map((port) => {
    let worker: Worker
    try {
      worker = startWorker('seal', port, [port])
    } catch (error) {
      return fail(String(error), error)
    }
    worker.on('error', (error) => fail(String(error), error))
    return new Promise<void>((resolve) =>
      worker.once('exit', () => {
        if (!bell.closed) fail('a thread that seals ended')
        resolve()
      }),
    )
  })
  return { bell, exited: Promise.all(exits) }
}

/** Once the encode worker is gone; one that died has not closed the board. */
async function endSealers(sealers: Sealers | null): Promise<void> {
  sealers?.bell.close()
  await sealers?.exited
}

const workerDied = (how: string, cause?: unknown): DmcError =>
  new DmcError('BUG', `The worker that encodes the backup died: ${how}.`, {
    hint: 'Run the backup again: it goes on where it stopped. Then report this.',
    retryable: true,
    ...(cause === undefined ? {} : { cause }),
  })
