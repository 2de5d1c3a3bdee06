import { DmcError } from '@dmc/core/errors/dmc-error'
import { BLOB_TYPE, openBlob } from '@dmc/core/log/blob'
import { equalBytes, toHex } from '@dmc/core/log/bytes'
import { type Catalog, decodeCatalog } from '@dmc/core/log/catalog'
import { deriveLogKeys, deriveVolumeKey } from '@dmc/core/log/derive-keys'
import { type Footer, openFooter } from '@dmc/core/log/footer-leaf'
import { authenticateHeader, decodeHeader, LEAF, type VolumeHeader } from '@dmc/core/log/header-leaf'
import { logCorrupt } from '@dmc/core/log/log-error'
import { nodeLogCrypto as crypto } from '@dmc/core/log/node-log-crypto'
import type { SnapshotInfo, SourceKeys, VolumeHead, VolumeReader } from './types.ts'

/** The current state of a source's log, as its volumes say. */
export interface OpenedCatalog {
  catalog: Catalog
  /** The catalog's own bytes, as authenticated. */
  bytes: Uint8Array
  /** Volume (hex id) and offset of the footer that points to it. */
  footer: { volumeId: string; offset: number }
  /** Every order that was given: its header, and the generation that it holds. */
  volumes: { orderId: bigint; header: VolumeHeader; generation: number }[]
  keys: SourceKeys
}

export interface OpenCatalogOptions {
  reader: VolumeReader
  /** Volumes of one source: header leaves and commitments, proven against the chain. */
  heads: VolumeHead[]
  keys: SourceKeys
  signal?: AbortSignal
}

interface Found {
  head: VolumeHead
  header: VolumeHeader
  footer: Footer
  offset: number
}

/**
 * Reads the newest catalog among a source's volumes; copies of one volume that are shorter are only older.
 * @throws PHRASE_WRONG, LOG_CORRUPT, LOG_VERSION; LOG_FORK when two different catalogs have one generation;
 *   NOTHING_TO_RESTORE without volumes.
 */
export async function openCatalog({
  reader,
  heads,
  keys,
  signal,
}: OpenCatalogOptions): Promise<OpenedCatalog> {
  const { headerKey } = deriveLogKeys(crypto, keys.salt, keys.sourceKey)
  const found: Found[] = []
  for (const head of heads) {
    const header = authenticateHeader(crypto, headerKey, head.header)
    const volumeId = toHex(header.volumeId)
    const offset = Number(head.commitment.size) - LEAF
    const leaf = await reader.read(volumeId, offset, LEAF, signal)
    const volumeKey = deriveVolumeKey(crypto, keys.sourceKey, header.volumeId, header.keyEpoch)
    found.push({ head, header, offset, footer: openFooter(crypto, volumeKey, header.volumeId, offset, leaf) })
  }
  const newest = pickNewest(found)
  const { header, footer } = newest
  const { catalogOffset, catalogStored, catalogId, generation } = footer
  const sealed = await reader.read(toHex(header.volumeId), catalogOffset, catalogStored, signal)
  const volumeKey = deriveVolumeKey(crypto, keys.sourceKey, header.volumeId, header.keyEpoch)
  const place = {
    type: BLOB_TYPE.catalog,
    volumeId: header.volumeId,
    blobId: catalogId,
    at: { offset: catalogOffset, generation },
  }
  const bytes = openBlob(crypto, volumeKey, place, sealed)
  const catalog = decodeCatalog(bytes)
  if (catalog.generation !== generation) {
    throw logCorrupt(`The footer says generation ${generation}, its catalog ${catalog.generation}.`)
  }
  return {
    catalog,
    bytes,
    footer: { volumeId: toHex(header.volumeId), offset: newest.offset },
    volumes: found.map((f) => ({
      orderId: f.head.orderId,
      header: f.header,
      generation: f.footer.generation,
    })),
    keys,
  }
}

function pickNewest(found: Found[]): Found {
  const [first] = found
  if (!first) {
    throw new DmcError('NOTHING_TO_RESTORE', 'No volume of this source was found.', {
      hint: 'Check the wallet address, the Market and the chain; orders are found by their owner.',
    })
  }
  let newest = first
  for (const other of found) {
    if (other.footer.generation > newest.footer.generation) newest = other
  }
  for (const other of found) {
    if (other.footer.generation !== newest.footer.generation) continue
    if (!equalBytes(other.footer.catalogId, newest.footer.catalogId)) {
      throw new DmcError(
        'LOG_FORK',
        `Orders ${newest.head.orderId} and ${other.head.orderId} hold two different catalogs of generation ${newest.footer.generation}.`,
        {
          hint: 'Two hosts have written to one source. Restore from one order at a time (name it), then back up to a new order.',
        },
      )
    }
  }
  return newest
}

/** Groups volumes by the source that they belong to: its salt (hex) in plaintext. @throws LOG_CORRUPT, LOG_VERSION. */
export function groupBySource(heads: VolumeHead[]): Map<string, VolumeHead[]> {
  const groups = new Map<string, VolumeHead[]>()
  for (const head of heads) {
    const salt = toHex(decodeHeader(head.header).salt)
    groups.set(salt, [...(groups.get(salt) ?? []), head])
  }
  return groups
}

/** Snapshots of a catalog, newest first. */
export function snapshotsOf({ snapshots }: Catalog): SnapshotInfo[] {
  return snapshots
    .map((s) => ({
      snapshotId: toHex(s.snapshotId),
      generation: s.generation,
      time: s.time,
      files: s.files,
      bytes: s.bytes,
      missing: s.missing,
      addedBytes: s.addedBytes,
    }))
    .reverse()
}
