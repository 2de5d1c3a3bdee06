import type { DatabaseSync, StatementSync } from 'node:sqlite'
import {
  type BLOB_TYPE,
  type BlobType,
  blobId,
  blobIds,
  packBody,
  SEAL_OVERHEAD,
  sealBlobInto,
} from '@dmc/core/log/blob'
import type { Locator } from '@dmc/core/log/locator'
import type { LogCrypto } from '@dmc/core/log/log-crypto'
import { createNodeHasher } from '@dmc/core/merkle/node-hasher'
import { giveBackOutput } from '../../disk/give-back.ts'
import type { SharedMemory } from '../../disk/shared-memory.ts'
import { sourceTooLarge } from '../source-too-large.ts'
import type { LogWriter } from './log-writer.ts'
import type { SealedBody } from './seal-room.ts'
import { disk } from './spool-io.ts'

export interface BlobStoreOptions {
  db: DatabaseSync
  writer: LogWriter
  crypto: LogCrypto
  blobIdKey: Uint8Array
  volumeKey: Uint8Array
  volumeId: Uint8Array
  /** Row number of the volume in log.db. */
  volume: number
  /** Row numbers of the volumes whose committed blobs may be pointed at. */
  safe: ReadonlyMap<number, { id: Uint8Array; committedSize: number }>
  generation: number
  /** Committed size of the volume: blobs below it are in force. */
  baseSize: number
  maxSize: number
  /** Bytes that must stay free behind what is stored now. */
  reserve(): number
  /** Called after each stored blob: journals, waits, stops. */
  afterStore(): void
}

/**
 * Stores bodies as sealed blobs at the end of the log, each content once: a body whose id is in force, or already in
 * this session, is pointed at and not stored again.
 */
export class BlobStore {
  readonly #options: BlobStoreOptions
  readonly #hasher = createNodeHasher()
  readonly #find: StatementSync
  readonly #insert: StatementSync
  /** Rows that this session added. */
  newRows: number
  /** Bytes of sealed content and node blobs that this session added. */
  addedBytes: number
  reusedBytes = 0

  constructor(options: BlobStoreOptions) {
    this.#options = options
    const { db, generation } = options
    this.#find = db.prepare('SELECT volume, offset, stored, gen FROM blob WHERE id = ?')
    this.#insert = db.prepare(
      'INSERT INTO blob (id, volume, offset, stored, plain, gen) VALUES (?, ?, ?, ?, ?, ?)',
    )
    const own = db
      .prepare('SELECT count(*) AS n, total(stored) AS bytes FROM blob WHERE gen = ?')
      .get(generation)
    this.newRows = Number(own?.n)
    this.addedBytes = Number(own?.bytes)
  }

  /** Ids of several bodies, to be handed to `store`: faster together than one by one. */
  idsOf(type: BlobType, bodies: readonly Uint8Array[]): Uint8Array[] {
    const { hashMany } = this.#hasher
    if (hashMany && bodies.length > 1) return blobIds(hashMany, this.#options.blobIdKey, type, bodies)
    return bodies.map((body) => this.#idOf(type, body))
  }

  /** Content and nodes. @throws SOURCE_TOO_LARGE, DISK_FULL. */
  store(type: BlobType, body: Uint8Array, id = this.#idOf(type, body)): Locator {
    return this.#known(id, body.length) ?? this.#added(id, body.length, this.append(type, id, body))
  }

  /** The same for content whose id is known and which another thread has sealed in `memory`. @param plain its length before */
  storeSealed(id: Uint8Array, plain: number, memory: SharedMemory, sealed: SealedBody): Locator {
    return this.#known(id, plain) ?? this.#added(id, plain, this.#appendSealed(id, memory, sealed))
  }

  /** Seals a body at the end of the log, whatever is there already. */
  append(type: BlobType, id: Uint8Array, body: Uint8Array, generation?: number): Locator {
    const { crypto, volumeKey, volumeId, writer } = this.#options
    const packed = packBody(crypto, body)
    const stored = packed.packed.length + SEAL_OVERHEAD
    const offset = writer.size
    const { out, at } = this.#reserve(stored)
    const place = generation === undefined ? {} : { at: { offset, generation } }
    sealBlobInto(crypto, volumeKey, { type, volumeId, blobId: id, ...place }, packed, out, at)
    if (packed.packed !== body) giveBackOutput(packed.packed)
    writer.advance(stored)
    return { blobId: id, volumeId, offset, stored }
  }

  /** A blob that is not content-addressed: snapshot record, index. */
  appendPlain(type: typeof BLOB_TYPE.snapshot | typeof BLOB_TYPE.index, body: Uint8Array): Locator {
    return this.append(type, blobId(this.#options.crypto, this.#options.blobIdKey, type, body), body)
  }

  #appendSealed(id: Uint8Array, memory: SharedMemory, { at: from, length, head, tag }: SealedBody): Locator {
    const { volumeId, writer } = this.#options
    const stored = length + SEAL_OVERHEAD
    const offset = writer.size
    const { out, at } = this.#reserve(stored)
    out.set(head, at)
    writer.copyInto(out, at + head.length, memory, from, length)
    out.set(tag, at + head.length + length)
    writer.advance(stored)
    return { blobId: id, volumeId, offset, stored }
  }

  #reserve(stored: number): { out: Buffer; at: number } {
    const { writer, maxSize, reserve } = this.#options
    const need = writer.size + stored + reserve()
    if (need > maxSize) throw sourceTooLarge({ have: maxSize, need })
    return writer.reserve(stored)
  }

  #known(id: Uint8Array, plain: number): Locator | null {
    const known = this.#lookUp(id)
    if (known) this.reusedBytes += plain
    return known
  }

  #added(id: Uint8Array, plain: number, locator: Locator): Locator {
    const { volume, generation } = this.#options
    disk(() => this.#insert.run(id, volume, locator.offset, locator.stored, plain, generation))
    this.newRows++
    this.addedBytes += locator.stored
    this.#options.afterStore()
    return locator
  }

  #idOf(type: BlobType, body: Uint8Array): Uint8Array {
    return blobId(this.#options.crypto, this.#options.blobIdKey, type, body)
  }

  #lookUp(id: Uint8Array): Locator | null {
    const { volume: own, volumeId, safe, generation, baseSize } = this.#options
    for (const row of this.#find.all(id)) {
      const { volume, offset, stored, gen } = row as Record<'volume' | 'offset' | 'stored' | 'gen', number>
      if (volume === own && (offset + stored <= baseSize || gen === generation)) {
        return { blobId: id, volumeId, offset, stored }
      }
      const other = safe.get(volume)
      if (other && offset + stored <= other.committedSize) {
        return { blobId: id, volumeId: other.id, offset, stored }
      }
    }
    return null
  }
}
