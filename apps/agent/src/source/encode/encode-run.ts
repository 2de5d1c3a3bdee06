import type { DatabaseSync } from 'node:sqlite'
import type { MessagePort } from 'node:worker_threads'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { fromHex } from '@dmc/core/log/bytes'
import { deriveLogKeys, deriveReaderAddress, type LogKeys } from '@dmc/core/log/derive-keys'
import { encodeHeader } from '@dmc/core/log/header-leaf'
import { nodeLogCrypto as crypto } from '@dmc/core/log/node-log-crypto'
import { CHUNK_SIZE } from '@dmc/core/merkle/constants'
import { createNodeHasher } from '@dmc/core/merkle/node-hasher'
import { logDbFile, manifestFile } from '../source-paths.ts'
import type { EncodedResult } from '../types.ts'
import { commitSession, sweep } from './commit-session.ts'
import { Control } from './control.ts'
import {
  type Base,
  dropSession,
  ensureSession,
  ensureVolume,
  readBoundary,
  retreatSession,
  trimSession,
} from './encode-session.ts'
import { encodeTree, type SnapshotWork } from './encode-snapshot.ts'
import { endSnapshot } from './end-snapshot.ts'
import { handOver } from './hand-over.ts'
import { reviveBig } from './json-big.ts'
import { openLogDb, readHead, readSession, type SessionRow, type VolumeRow } from './log-db.ts'
import { LogWriter } from './log-writer.ts'
import { ProbeKeeper } from './probes.ts'
import { ProgressReporter } from './progress.ts'
import { SealBell } from './seal-board.ts'
import type { SealWorkerData } from './seal-worker.ts'
import { SessionJournal, wholeLeaves } from './session-journal.ts'
import { syncFile, toDiskFull } from './spool-io.ts'
import type { SpoolWorkerData } from './spool-worker.ts'
import type { EncodeJob, FromWorker } from './worker-types.ts'

type Send = (message: FromWorker, transfer?: MessagePort[]) => void

/** One append session, from scan to footer (flow 13); everything runs synchronously in the encode worker. */
export class EncodeRun {
  readonly #job: EncodeJob
  readonly #send: Send
  readonly #control: Control
  readonly #db: DatabaseSync
  readonly #keys: LogKeys
  readonly #volume: VolumeRow
  readonly #progress: ProgressReporter
  #session: SessionRow
  #writer: LogWriter | null = null
  #sealing: SealWorkerData | null = null

  /** @throws STORE_CORRUPT with meta `cache: stale` when the cache does not match the base. */
  constructor(job: EncodeJob, send: Send) {
    this.#job = job
    this.#send = send
    this.#control = new Control(job.control)
    this.#keys = deriveLogKeys(crypto, job.keys.salt, job.keys.sourceKey)
    this.#db = openLogDb(logDbFile(job.folder))
    this.#progress = new ProgressReporter((progress) => send({ type: 'progress', progress }))
    this.#volume = ensureVolume(this.#db, job.target, job.chain)
    this.#session = this.#openSession(job.base)
  }

  /** A session that the chain has agreed on already is complete: its result stands. */
  #openSession(base: Base): SessionRow {
    const session = readSession(this.#db)
    if (session?.root && session.volume === this.#volume.n) {
      if (sameBase(base, { root: session.root, size: session.spooled })) return session
    }
    if (!sameBase(base, { root: this.#volume.committed_root, size: this.#volume.committed_size })) {
      throw staleCache('The local cache of this source does not match the commitment in force.')
    }
    return ensureSession(this.#db, this.#job.folder, this.#volume, base, crypto, this.#job.bootId)
  }

  /** Encodes until the footer, or offers what was encoded before. @throws SOURCE_*, DISK_FULL, INTERRUPTED. */
  encode(): void {
    if (this.#session.root !== null && this.#session.result !== null) {
      this.#opened()
      this.#finished(readResult(this.#session.result))
      return
    }
    const writer = this.#openWriter()
    this.#opened()
    const journal = new SessionJournal(this.#db, writer, this.#control, {
      options: this.#job.options,
      baseSize: this.#job.base.size,
      bootId: this.#job.bootId,
      safe: this.#session.safe,
      onSpooled: (size) => this.#send({ type: 'spooled', size }),
    })
    try {
      if (writer.size === 0) writer.append(this.#header())
      this.#finished(this.#encode(writer, journal))
    } catch (error) {
      journal.abandon()
      this.#closeWriter()
      throw toDiskFull(error) ?? error
    }
  }

  committed(commitment: { root: string; size: number }): void {
    const session = readSession(this.#db)
    if (!session) return // a second call, or nothing was appended
    if (session.root !== commitment.root || session.spooled !== commitment.size) {
      throw new DmcError('COMMITMENT_MISMATCH', 'The commitment in force is not the one that was encoded.', {
        hint: 'Start the backup again; it begins from the commitment in force.',
      })
    }
    this.#closeWriter()
    commitSession(this.#db, this.#job.folder, session, this.#volume)
  }

  dropped(): void {
    this.#closeWriter()
    const session = readSession(this.#db)
    if (session) dropSession(this.#db, this.#job.folder, session)
    sweep(this.#db, this.#job.folder)
  }

  close(): void {
    this.#closeWriter()
    this.#db.close()
  }

  #encode(writer: LogWriter, journal: SessionJournal): EncodedResult {
    const work: SnapshotWork = {
      job: this.#job,
      db: this.#db,
      keys: this.#keys,
      volume: this.#volume,
      session: this.#session,
      head: readHead(this.#db),
      writer,
      journal,
      progress: this.#progress,
      startSealing: (data, count) => {
        this.#sealing = data
        const ports = Array.from({ length: count }, () => handOver(data))
        if (count > 0) this.#send({ type: 'sealers', control: data.board.control, ports }, ports)
      },
    }
    const tree = encodeTree(work)
    this.#endSealing()
    if (!tree.unchanged || !work.head) return endSnapshot(work, tree)
    journal.end()
    this.#closeWriter()
    return this.#keepLast(readResult(work.head.result), tree.excluded)
  }

  /** Nothing differs: the commitment in force holds this state of the source already. */
  #keepLast(last: EncodedResult, excluded: number): EncodedResult {
    const { base, folder } = this.#job
    // this scan is as true as the last one, and knows more of it
    syncFile(manifestFile(folder, this.#session.id))
    this.#db.prepare('UPDATE head SET manifest = ?').run(this.#session.id)
    dropSession(this.#db, folder, this.#session)
    sweep(this.#db, folder)
    const commitment = { root: base.root as `0x${string}`, size: BigInt(base.size) }
    return { ...last, commitment, excluded, forgotten: [], unchanged: true }
  }

  #openWriter(): LogWriter {
    try {
      this.#writer = this.#writerOf(this.#session)
    } catch (error) {
      // a passing fault, such as a full disk, costs nothing of what is spooled
      if ((error as NodeJS.ErrnoException).code !== 'ENODATA') throw error
      // the disk has lost what was written to it last: go on from what can't have been lost
      this.#session = retreatSession(this.#db, this.#session)
      this.#writer = this.#writerOf(this.#session)
    }
    return this.#writer
  }

  #writerOf(session: SessionRow): LogWriter {
    const { folder, target, base, options } = this.#job
    const boundary = readBoundary(folder, target.volumeId, base.size, CHUNK_SIZE)
    if (!boundary) throw staleCache('The end of the last snapshot is not in the local cache.')
    trimSession(this.#db, session)
    const probes = new ProbeKeeper(this.#db, crypto, {
      most: options.probes,
      volume: this.#volume.n,
      generation: session.gen,
      baseSize: base.size,
      resumedAt: session.spooled,
    })
    const place = { folder, session: session.id, volumeId: target.volumeId }
    return new LogWriter({
      ...place,
      hasher: createNodeHasher(),
      baseSize: base.size,
      boundary,
      size: session.spooled,
      durable: session.safe,
      tail: session.tail,
      released: () => this.#control.released,
      onChunk: (index, data) => probes.onChunk(index, data),
      startSpooler: (shared, written) => {
        const port = handOver({ place, shared, written, sealing: this.#sealing } satisfies SpoolWorkerData)
        this.#send({ type: 'spooler', control: shared.control, port }, [port])
      },
    })
  }

  #header(): Uint8Array {
    const { target } = this.#job
    return encodeHeader(crypto, this.#keys.headerKey, {
      volumeId: fromHex(target.volumeId),
      keyEpoch: target.keyEpoch,
      salt: this.#keys.salt,
      maxSize: target.maxSize,
      readerAddress: deriveReaderAddress(crypto, this.#keys.sourceKey),
      number: target.number,
      compatibleFlags: 0,
    })
  }

  #opened(): void {
    const { id, spooled } = this.#session
    this.#send({ type: 'opened', session: id, spooled: wholeLeaves(spooled) })
  }

  #finished(result: EncodedResult): void {
    this.#progress.done(result)
    this.#send({ type: 'spooled', size: Number(result.commitment.size) })
    this.#send({ type: 'encoded', result })
  }

  #endSealing(): void {
    if (this.#sealing) new SealBell(this.#sealing.board.control).close()
    this.#sealing = null
  }

  #closeWriter(): void {
    this.#endSealing()
    this.#writer?.close()
    this.#writer = null
  }
}

/** An earlier version's says nothing of what was left out or forgotten. */
const readResult = (json: string): EncodedResult => ({
  excluded: 0,
  forgotten: [],
  ...JSON.parse(json, reviveBig),
})

const staleCache = (message: string): DmcError =>
  new DmcError('STORE_CORRUPT', message, {
    hint: 'It is rebuilt from the log when the miner can be reached: run the backup again, or recover.',
    meta: { cache: 'stale' },
  })

const sameBase = (a: Base, b: Base): boolean => a.root === b.root && a.size === b.size
