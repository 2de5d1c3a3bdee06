import { closeSync, fsyncSync, openSync, rmSync } from 'node:fs'
import { hostname } from 'node:os'
import type { DatabaseSync } from 'node:sqlite'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { fromHex, toHex } from '@dmc/core/log/bytes'
import { type Catalog, decodeCatalog } from '@dmc/core/log/catalog'
import { gearTable } from '@dmc/core/log/chunker'
import { deriveLogKeys, deriveReaderAddress, deriveVolumeKey, type LogKeys } from '@dmc/core/log/derive-keys'
import { encodeHeader, LEAF } from '@dmc/core/log/header-leaf'
import { ENTRY_KIND, encodeEntry, type NodeEntry } from '@dmc/core/log/node-entry'
import { nodeLogCrypto as crypto } from '@dmc/core/log/node-log-crypto'
import type { SnapshotRecord } from '@dmc/core/log/snapshot-record'
import { rootFromChunkRoots } from '@dmc/core/merkle/commitment'
import { CHUNK_SIZE, treeDepth } from '@dmc/core/merkle/constants'
import { createNodeHasher } from '@dmc/core/merkle/node-hasher'
import { showPath } from '../path-bytes.ts'
import { logDbFile, manifestFile } from '../source-paths.ts'
import { sourceTooLarge } from '../source-too-large.ts'
import type { EncodedResult } from '../types.ts'
import { BlobStore } from './blob-store.ts'
import { commitSession, sweep } from './commit-session.ts'
import { Control } from './control.ts'
import { describeRoot } from './describe-root.ts'
import { ContentEncoder } from './encode-content.ts'
import { NodeEncoder } from './encode-nodes.ts'
import { type Base, dropSession, ensureSession, ensureVolume, readBoundary } from './encode-session.ts'
import { estimateSize, nodeBytes } from './estimate-size.ts'
import { finishSnapshot } from './finish-snapshot.ts'
import { reviveBig, writeBig } from './json-big.ts'
import {
  type HeadRow,
  openLogDb,
  readHead,
  readSession,
  readVolumes,
  type SessionRow,
  type VolumeRow,
} from './log-db.ts'
import { disk, LogWriter } from './log-writer.ts'
import { Manifest } from './manifest.ts'
import { ProbeKeeper } from './probes.ts'
import { ProgressReporter } from './progress.ts'
import { type ScanTotals, scan } from './scan.ts'
import type { EncodeJob, FromWorker } from './worker-types.ts'

/** Behind the content there must be room for nodes, record, segment, catalog, padding and footer. */
const FIXED_RESERVE = 16 * 1024

/** One append session, from scan to footer (flow 13); everything runs synchronously in the encode worker. */
export class EncodeRun {
  readonly #job: EncodeJob
  readonly #send: (message: FromWorker) => void
  readonly #control: Control
  readonly #db: DatabaseSync
  readonly #keys: LogKeys
  readonly #root: Buffer
  readonly #volume: VolumeRow
  #session: SessionRow
  #writer: LogWriter | null = null
  #journalledAt = 0
  #journalled = 0
  #inTransaction = false
  readonly #progress: ProgressReporter

  constructor(job: EncodeJob, send: (message: FromWorker) => void) {
    this.#job = job
    this.#send = send
    this.#control = new Control(job.control)
    this.#root = Buffer.from(job.sourcePath)
    this.#keys = deriveLogKeys(crypto, job.keys.salt, job.keys.sourceKey)
    this.#db = openLogDb(logDbFile(job.folder))
    this.#progress = new ProgressReporter((progress) => send({ type: 'progress', progress }))
    this.#volume = ensureVolume(this.#db, job.target, job.chain)
    this.#session = this.#openSession(job.base)
    this.#journalled = this.#session.spooled
  }

  /** A session that the chain has agreed on already is complete: its result stands. */
  #openSession(base: Base): SessionRow {
    const { folder } = this.#job
    const session = readSession(this.#db)
    if (
      session?.root &&
      session.volume === this.#volume.n &&
      sameBase(base, { root: session.root, size: session.spooled })
    ) {
      return session
    }
    if (!sameBase(base, { root: this.#volume.committed_root, size: this.#volume.committed_size })) {
      throw staleCache('The local cache of this source does not match the commitment in force.')
    }
    return ensureSession(this.#db, folder, this.#volume, base, crypto)
  }

  encode(): void {
    const { target } = this.#job
    const opened = () =>
      this.#send({
        type: 'opened',
        session: this.#session.id,
        spooled: wholeLeaves(this.#journalled),
        maxSize: target.maxSize,
      })
    if (this.#session.root !== null && this.#session.result !== null) {
      opened()
      this.#finished(JSON.parse(this.#session.result, reviveBig) as EncodedResult)
      return
    }
    const writer = this.#openWriter()
    opened()
    try {
      this.#begin()
      if (writer.size === 0) {
        writer.append(
          encodeHeader(crypto, this.#keys.headerKey, {
            volumeId: fromHex(target.volumeId),
            keyEpoch: target.keyEpoch,
            salt: this.#keys.salt,
            maxSize: target.maxSize,
            readerAddress: deriveReaderAddress(crypto, this.#keys.sourceKey),
            number: target.number,
            compatibleFlags: 0,
          }),
        )
      }
      this.#encodeSnapshot(writer)
    } catch (error) {
      this.#abandon()
      throw error
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

  #openWriter(): LogWriter {
    const { folder, target, base } = this.#job
    const open = (session: SessionRow) => {
      const boundary = readBoundary(folder, target.volumeId, base.size, CHUNK_SIZE)
      if (!boundary) {
        throw staleCache('The end of the last snapshot is not in the local cache.')
      }
      const probes = new ProbeKeeper(this.#db, crypto, {
        most: this.#job.options.probes,
        volume: this.#volume.n,
        generation: session.gen,
        baseSize: base.size,
        resumedAt: session.spooled,
      })
      return new LogWriter({
        folder,
        session: session.id,
        volumeId: target.volumeId,
        hasher: createNodeHasher(),
        baseSize: base.size,
        boundary,
        size: session.spooled,
        onChunk: (index, data) => probes.onChunk(index, data),
      })
    }
    try {
      this.#writer = open(this.#session)
    } catch (error) {
      if (DmcError.is(error)) throw error
      // the spool of the killed session is damaged: nothing of it was agreed on, so begin again from the base
      dropSession(this.#db, folder, this.#session)
      this.#session = ensureSession(this.#db, folder, this.#volume, base, crypto)
      this.#journalled = this.#session.spooled
      this.#writer = open(this.#session)
    }
    return this.#writer
  }

  #encodeSnapshot(writer: LogWriter): void {
    const { folder, target, options, safeVolumes, base } = this.#job
    const head = readHead(this.#db)
    const volumes = readVolumes(this.#db)
    const safe = new Map(
      volumes
        .filter(({ n, id }) => n !== this.#volume.n && safeVolumes.includes(toHex(id)))
        .map((v) => [v.n, { id: v.id, committedSize: v.committed_size }]),
    )
    const prev = this.#openPrevious(head, volumes, safe)
    const file = manifestFile(folder, this.#session.id)
    rmSync(file, { force: true })
    const manifest = Manifest.create(file)
    try {
      const totals = scan({
        root: this.#root,
        manifest,
        prev,
        tick: (now, current) => {
          this.#progress.scan(now, current)
          this.#tick(writer)
        },
      })
      this.#progress.scanned(totals)
      const nodes = Math.ceil(nodeBytes(totals))
      const catalogBytes = (head?.catalog.length ?? 0) + 1024
      // nodes usually compress to a third, and what a session can't know yet it must not run out of room for
      let pendingNodes = Math.min(nodes, Math.max(4096, Math.floor(nodes / 2)))
      const store = new BlobStore({
        db: this.#db,
        writer,
        crypto,
        blobIdKey: this.#keys.blobIdKey,
        volumeKey: deriveVolumeKey(crypto, this.#keys.sourceKey, fromHex(target.volumeId), target.keyEpoch),
        volumeId: fromHex(target.volumeId),
        volume: this.#volume.n,
        safe,
        generation: this.#session.gen,
        baseSize: base.size,
        maxSize: target.maxSize,
        reserve: () => FIXED_RESERVE + catalogBytes + pendingNodes + (store?.newRows ?? 0) * 64,
        afterStore: () => {
          this.#progress.log(writer.size - base.size, store.reusedBytes)
          this.#afterStore(writer)
        },
      })
      if (options.estimate) this.#refuseTooLarge(writer, manifest, totals, store)
      const gear = gearTable(crypto, this.#keys.chunkerKey)
      const singleFile = totals.directories === 0
      new ContentEncoder({
        root: this.#root,
        manifest,
        store,
        gear,
        singleFile,
        onFile: (path, bytes) => {
          this.#progress.file(path, bytes)
          this.#tick(writer)
        },
        onBytes: (path, bytes) => this.#progress.bytes(path, bytes),
      }).run()
      this.#progress.nodes()
      pendingNodes = 0
      const encoder = new NodeEncoder({
        manifest,
        prev,
        store,
        crypto,
        blobIdKey: this.#keys.blobIdKey,
        gear,
        onEntry: () => this.#tick(writer),
      })
      const content = encoder.run()
      const root = describeRoot(this.#root, manifest, singleFile, content)
      const rootEntry = encodeEntry(root)
      const same = head && base.root !== null && Buffer.compare(head.root_entry, rootEntry) === 0
      if (same && head && writer.size === base.size) {
        this.#unchanged(head)
        return
      }
      this.#finish(writer, store, encoder, root, rootEntry, head, volumes)
    } finally {
      manifest.close()
      prev?.close()
    }
  }

  /** The last snapshot's manifest, when everything that it refers to may be pointed at. */
  #openPrevious(
    head: HeadRow | null,
    volumes: VolumeRow[],
    safe: ReadonlyMap<number, unknown>,
  ): Manifest | null {
    if (!head?.manifest) return null
    const used = volumes.filter(({ committed_size }) => committed_size > 0)
    if (!used.every(({ n }) => n === this.#volume.n || safe.has(n))) return null
    return Manifest.openExisting(manifestFile(this.#job.folder, head.manifest))
  }

  #refuseTooLarge(writer: LogWriter, manifest: Manifest, totals: ScanTotals, store: BlobStore): void {
    // what this session stored before it was killed is found again, not stored again
    const grows = estimateSize(this.#root, manifest, totals, crypto) - store.addedBytes
    const need = writer.size + Math.max(0, grows)
    if (need > this.#job.target.maxSize) throw sourceTooLarge({ have: this.#job.target.maxSize, need })
  }

  #finish(
    writer: LogWriter,
    store: BlobStore,
    encoder: NodeEncoder,
    root: NodeEntry,
    rootEntry: Uint8Array,
    head: HeadRow | null,
    volumes: VolumeRow[],
  ): void {
    const { target, base, sourceName } = this.#job
    const { totals } = encoder
    const before = head ? { row: head, catalog: decodeCatalog(head.catalog) } : null
    const single = root.kind === ENTRY_KIND.file
    const record: SnapshotRecord = {
      snapshotId: crypto.randomBytes(16),
      startedAt: this.#session.started,
      finishedAt: Date.now(),
      host: hostname(),
      sourcePath: this.#root,
      root,
      totals: {
        files: totals.files,
        directories: single ? 0 : totals.directories,
        links: totals.links,
        others: totals.others,
        bytes: totals.bytes,
      },
      partial: totals.partial,
      missing: totals.missing,
      addedBytes: store.addedBytes,
    }
    const previousVolume = before ? volumes.find(({ n }) => n === before.row.volume) : undefined
    const finished = finishSnapshot({
      db: this.#db,
      crypto,
      store,
      writer,
      blobIdKey: this.#keys.blobIdKey,
      volumeKey: deriveVolumeKey(crypto, this.#keys.sourceKey, fromHex(target.volumeId), target.keyEpoch),
      volumeId: fromHex(target.volumeId),
      maxSize: target.maxSize,
      record,
      previous:
        before && previousVolume
          ? { catalog: before.catalog, volumeId: previousVolume.id, footerOffset: before.row.footer_offset }
          : null,
      volumes: volumesOf(this.#db),
      sourceName,
      generation: this.#session.gen,
    })
    const roots = writer.finish()
    const depth = treeDepth(target.maxSize / CHUNK_SIZE)
    const commitment = {
      root: `0x${toHex(rootFromChunkRoots(createNodeHasher(), roots, depth))}` as const,
      size: BigInt(writer.size),
    }
    const result: EncodedResult = {
      commitment,
      snapshot: {
        snapshotId: toHex(record.snapshotId),
        generation: this.#session.gen,
        time: record.finishedAt,
        files: totals.files,
        bytes: totals.bytes,
        missing: totals.missing,
        addedBytes: writer.size - base.size,
      },
      missing: totals.partial.map(({ path, reason }) => ({ path: showPath(path), reason })),
      unchanged: false,
    }
    this.#db
      .prepare(
        'UPDATE session SET root = ?, result = ?, catalog = ?, root_entry = ?, segment_from = ?, segment_rows = ?',
      )
      .run(
        commitment.root,
        JSON.stringify(result, writeBig),
        finished.catalog,
        rootEntry,
        finished.segment?.from ?? null,
        finished.segment?.rows ?? null,
      )
    syncFile(manifestFile(this.#job.folder, this.#session.id))
    this.#journal(writer)
    this.#end()
    this.#finished(result)
  }

  /** Nothing differs: the commitment in force holds this state of the source already. */
  #unchanged(head: HeadRow): void {
    const { base } = this.#job
    if (base.root === null) throw new Error('an empty order can not be unchanged')
    const last = JSON.parse(head.result, reviveBig) as EncodedResult
    const { folder } = this.#job
    this.#end()
    this.#closeWriter()
    // this scan is as true as the last one, and knows more of it
    syncFile(manifestFile(folder, this.#session.id))
    this.#db.prepare('UPDATE head SET manifest = ?').run(this.#session.id)
    dropSession(this.#db, folder, this.#session)
    sweep(this.#db, folder)
    this.#finished({
      ...last,
      commitment: { root: base.root as `0x${string}`, size: BigInt(base.size) },
      unchanged: true,
    })
  }

  #finished(result: EncodedResult): void {
    this.#progress.done(result)
    this.#send({ type: 'spooled', size: Number(result.commitment.size) })
    this.#send({ type: 'encoded', result })
  }

  #afterStore(writer: LogWriter): void {
    if (writer.size - this.#journalled >= this.#job.options.journalBytes) this.#journal(writer)
    this.#tick(writer)
    const full = () =>
      writer.size - Math.max(this.#control.released, this.#job.base.size) > this.#job.options.spoolLimit
    if (!full()) return
    this.#journal(writer)
    while (full()) {
      this.#control.sleep(1000)
      this.#checkStop(writer)
    }
  }

  #tick(writer: LogWriter): void {
    const due = performance.now() - this.#journalledAt >= this.#job.options.journalMs
    if (due && wholeLeaves(writer.size) > wholeLeaves(this.#journalled)) this.#journal(writer)
    this.#checkStop(writer)
  }

  #checkStop(writer: LogWriter): void {
    if (!this.#control.stopped) return
    this.#journal(writer)
    throw new DmcError('INTERRUPTED', 'The backup was stopped.', {
      hint: 'Run it again: it goes on where it stopped.',
    })
  }

  /** First the bytes are durable, then the rows that point at them; only then they may be sent. */
  #journal(writer: LogWriter): void {
    writer.sync()
    this.#db.prepare('UPDATE session SET spooled = ?').run(writer.size)
    this.#end()
    this.#begin()
    this.#journalled = writer.size
    this.#journalledAt = performance.now()
    this.#send({ type: 'spooled', size: wholeLeaves(writer.size) })
  }

  #begin(): void {
    this.#db.exec('BEGIN')
    this.#inTransaction = true
  }

  #end(): void {
    if (this.#inTransaction) disk(() => this.#db.exec('COMMIT'))
    this.#inTransaction = false
  }

  /** Leaves the session as it was journalled last. */
  #abandon(): void {
    if (this.#inTransaction) {
      try {
        this.#db.exec('ROLLBACK')
      } catch {
        // a full disk has rolled it back already
      }
      this.#inTransaction = false
    }
    this.#closeWriter()
  }

  #closeWriter(): void {
    this.#writer?.close()
    this.#writer = null
  }
}

const staleCache = (message: string): DmcError =>
  new DmcError('STORE_CORRUPT', message, {
    hint: 'It is rebuilt from the log when the miner can be reached: run the backup again, or recover.',
    meta: { cache: 'stale' },
  })

const wholeLeaves = (size: number): number => size - (size % LEAF)
const sameBase = (a: Base, b: Base): boolean => a.root === b.root && a.size === b.size

function volumesOf(db: DatabaseSync): Catalog['volumes'] {
  return readVolumes(db).map((row) => ({
    volumeId: row.id,
    number: row.number,
    keyEpoch: row.key_epoch,
    maxSize: row.max_size,
    chainId: row.chain_id,
    market: row.market,
    orderIds: (JSON.parse(row.orders) as string[]).map(BigInt),
  }))
}

function syncFile(file: string): void {
  const fd = openSync(file, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
