import { BLOB_TYPE, type BlobType, blobId, sealBlob } from '@dmc/core/log/blob'
import { fromHex } from '@dmc/core/log/bytes'
import { encodeCatalog } from '@dmc/core/log/catalog'
import { encodeCbor } from '@dmc/core/log/cbor'
import { deriveLogKeys, deriveReaderAddress, deriveVolumeKey } from '@dmc/core/log/derive-keys'
import { sealFooter } from '@dmc/core/log/footer-leaf'
import { encodeHeader } from '@dmc/core/log/header-leaf'
import type { ContentRef, Locator } from '@dmc/core/log/locator'
import { ENTRY_KIND, entryToCbor, NO_CONTENT, type NodeEntry } from '@dmc/core/log/node-entry'
import { nodeLogCrypto as crypto } from '@dmc/core/log/node-log-crypto'
import { encodeSnapshotRecord } from '@dmc/core/log/snapshot-record'
import type { SourceKeys, VolumeHead, VolumeReader } from '../types.ts'
import { CHAIN, keysFor, targetOf } from './file-miner.ts'

const TARGET = targetOf(16)

/** A log made by hand with the codec, for what our own writer would never write. */
export class CraftedLog implements VolumeReader {
  readonly keys: SourceKeys
  readonly #parts: Uint8Array[] = []
  readonly #ids: ReturnType<typeof deriveLogKeys>
  readonly #volumeId = fromHex(TARGET.volumeId)
  readonly #volumeKey: Uint8Array
  size = 0

  /** @param salt of the source; default: that of all tests. */
  constructor(salt?: Uint8Array) {
    this.keys = keysFor(salt)
    this.#ids = deriveLogKeys(crypto, this.keys.salt, this.keys.sourceKey)
    this.#volumeKey = deriveVolumeKey(crypto, this.keys.sourceKey, this.#volumeId, 0)
    this.#append(
      encodeHeader(crypto, this.#ids.headerKey, {
        volumeId: this.#volumeId,
        keyEpoch: 0,
        salt: this.keys.salt,
        maxSize: TARGET.maxSize,
        readerAddress: deriveReaderAddress(crypto, this.keys.sourceKey),
        number: 0,
        compatibleFlags: 0,
      }),
    )
  }

  blob(type: BlobType, body: Uint8Array, generation?: number): Locator {
    const id = blobId(crypto, this.#ids.blobIdKey, type, body)
    const offset = this.size
    const at = generation === undefined ? {} : { at: { offset, generation } }
    const sealed = sealBlob(
      crypto,
      this.#volumeKey,
      { type, volumeId: this.#volumeId, blobId: id, ...at },
      body,
    )
    this.#append(sealed)
    return { blobId: id, volumeId: this.#volumeId, offset, stored: sealed.length }
  }

  content(body: Uint8Array, type: BlobType = BLOB_TYPE.content): ContentRef {
    if (body.length === 0) return NO_CONTENT
    return { level: 0, run: [{ ...this.blob(type, body), start: 0, length: body.length }] }
  }

  /** A directory of entries in the order given, checked by nobody. */
  directory(name: string | Uint8Array, entries: NodeEntry[]): NodeEntry {
    const body = Buffer.concat(entries.map((entry) => encodeCbor(entryToCbor(entry))))
    return this.entry(name, {
      kind: ENTRY_KIND.directory,
      mode: 0o755,
      content: this.content(body, BLOB_TYPE.node),
    })
  }

  file(name: string | Uint8Array, body = 'content', more: Partial<NodeEntry> = {}): NodeEntry {
    return this.entry(name, { size: body.length, content: this.content(Buffer.from(body)), ...more })
  }

  symlink(name: string, target: string): NodeEntry {
    return this.entry(name, { kind: ENTRY_KIND.symlink, target: Buffer.from(target) })
  }

  hardlink(name: string, linkPath: string): NodeEntry {
    return this.entry(name, { kind: ENTRY_KIND.hardlink, linkPath: Buffer.from(linkPath) })
  }

  entry(name: string | Uint8Array, more: Partial<NodeEntry>): NodeEntry {
    return {
      name: Buffer.from(name),
      kind: ENTRY_KIND.file,
      mode: 0o644,
      mtimeNs: 1_000_000_000_000_000_000n,
      size: 0,
      content: NO_CONTENT,
      uid: process.getuid?.() ?? 0,
      gid: process.getgid?.() ?? 0,
      holes: [],
      ...more,
    }
  }

  /** Ends the log with one snapshot of this root. `most`: the entries that the record admits. */
  finish(root: NodeEntry, most = 100): VolumeHead {
    const record = encodeSnapshotRecord({
      snapshotId: new Uint8Array(16).fill(1),
      startedAt: 1,
      finishedAt: 2,
      host: 'nowhere',
      sourcePath: Buffer.from('/source'),
      root,
      totals: { files: most, directories: 0, links: 0, others: 0, bytes: 0 },
      partial: [],
      missing: 0,
      addedBytes: 0,
    })
    const catalog = encodeCatalog({
      generation: 1,
      previousFooter: null,
      snapshots: [
        {
          snapshotId: new Uint8Array(16).fill(1),
          time: 2,
          record: this.blob(BLOB_TYPE.snapshot, record),
          files: most,
          bytes: 0,
          missing: 0,
          addedBytes: 0,
          generation: 1,
        },
      ],
      volumes: [
        {
          volumeId: this.#volumeId,
          number: 0,
          keyEpoch: 0,
          maxSize: TARGET.maxSize,
          chainId: CHAIN.chainId,
          market: fromHex(CHAIN.market.slice(2)),
          orderIds: [1n],
        },
      ],
      segments: [],
      sourceName: 'crafted',
      checkpoint: false,
    })
    const at = this.blob(BLOB_TYPE.catalog, catalog, 1)
    this.#append(new Uint8Array((1024 - (this.size % 1024)) % 1024))
    this.#append(
      sealFooter(crypto, this.#volumeKey, this.#volumeId, this.size, {
        generation: 1,
        catalogOffset: at.offset,
        catalogStored: at.stored,
        catalogId: at.blobId,
        previous: null,
      }),
    )
    const log = Buffer.concat(this.#parts)
    const commitment = { root: `0x${'00'.repeat(32)}` as const, size: BigInt(this.size) }
    return { orderId: 1n, commitment, header: log.subarray(0, 1024), ...CHAIN }
  }

  async read(_volumeId: string, offset: number, length: number): Promise<Buffer> {
    return Buffer.concat(this.#parts).subarray(offset, offset + length)
  }

  #append(bytes: Uint8Array): void {
    this.#parts.push(bytes)
    this.size += bytes.length
  }
}
