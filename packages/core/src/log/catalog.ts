import { assertSameBytes, type CborValue, encodeCbor, parseCbor } from './cbor.ts'
import { type Locator, locatorFromCbor, locatorToCbor, type Run, runFromCbor, runToCbor } from './locator.ts'
import { logCorrupt } from './log-error.ts'
import { asArray, asBytes, asMap, asText, asUint, onlyKeys } from './read-cbor.ts'

export interface CatalogSnapshot {
  /** 16 bytes. */
  snapshotId: Uint8Array
  /** Unix ms when it was finished. */
  time: number
  record: Locator
  files: number
  bytes: number
  missing: number
  addedBytes: number
  /** The catalog's generation that first listed it. */
  generation: number
}

export interface CatalogVolume {
  /** 16 bytes. */
  volumeId: Uint8Array
  number: number
  keyEpoch: number
  maxSize: number
  chainId: number
  /** 20 bytes. */
  market: Uint8Array
  /** Orders that hold this volume or a prefix of it. */
  orderIds: bigint[]
}

/** docs/PROTOCOL.md 2, "Catalog": everything alive in a source's log. */
export interface Catalog {
  generation: number
  previousFooter: { volumeId: Uint8Array; offset: number } | null
  /** Oldest first. */
  snapshots: CatalogSnapshot[]
  volumes: CatalogVolume[]
  /** Oldest first. */
  segments: { rows: number; run: Run }[]
  sourceName: string
  checkpoint: boolean
}

const KEYS = [0, 1, 2, 3, 4, 5, 6]

export function encodeCatalog(catalog: Catalog): Uint8Array {
  const { previousFooter: previous } = catalog
  const map: [CborValue, CborValue][] = [
    [0, catalog.generation],
    [1, previous ? [previous.volumeId, previous.offset] : null],
    [
      2,
      catalog.snapshots.map((s) => [
        s.snapshotId,
        s.time,
        locatorToCbor(s.record),
        s.files,
        s.bytes,
        s.missing,
        s.addedBytes,
        s.generation,
      ]),
    ],
    [
      3,
      catalog.volumes.map((v) => [
        v.volumeId,
        v.number,
        v.keyEpoch,
        v.maxSize,
        v.chainId,
        v.market,
        ...v.orderIds,
      ]),
    ],
    [4, catalog.segments.map(({ rows, run }) => [rows, runToCbor(run)])],
    [5, catalog.sourceName],
    [6, catalog.checkpoint],
  ]
  return encodeCbor(new Map(map))
}

/** @throws LOG_CORRUPT. */
export function decodeCatalog(bytes: Uint8Array): Catalog {
  const map = asMap(parseCbor(bytes, 'The catalog'), 'The catalog')
  onlyKeys(map, KEYS, 'The catalog')
  const generation = asUint(map.get(0), 'The generation')
  if (generation === 0) throw logCorrupt('The catalog has generation 0.')
  const checkpoint = map.get(6)
  if (typeof checkpoint !== 'boolean') throw logCorrupt('The checkpoint flag is not a boolean.')
  const catalog: Catalog = {
    generation,
    previousFooter: previousFromCbor(map.get(1)),
    snapshots: asArray(map.get(2), 'The snapshots').map(snapshotFromCbor),
    volumes: asArray(map.get(3), 'The volumes').map(volumeFromCbor),
    segments: asArray(map.get(4), 'The index segments').map((value) => {
      const [rows, run] = asArray(value, 'An index segment', 2)
      return { rows: asUint(rows, 'The rows of a segment'), run: runFromCbor(run) }
    }),
    sourceName: asText(map.get(5), 'The source name'),
    checkpoint,
  }
  assertSameBytes(bytes, encodeCatalog(catalog), 'The catalog')
  return catalog
}

function previousFromCbor(value: CborValue | undefined): Catalog['previousFooter'] {
  if (value === null) return null
  const [volumeId, offset] = asArray(value, 'The previous footer', 2)
  return { volumeId: asBytes(volumeId, 'A volume id', 16), offset: asUint(offset, 'A footer offset') }
}

function snapshotFromCbor(value: CborValue): CatalogSnapshot {
  const [id, time, record, files, bytes, missing, added, generation] = asArray(value, 'A snapshot', 8)
  return {
    snapshotId: asBytes(id, 'A snapshot id', 16),
    time: asUint(time, 'A snapshot time'),
    record: locatorFromCbor(record),
    files: asUint(files, 'A file count'),
    bytes: asUint(bytes, 'A byte count'),
    missing: asUint(missing, 'A missing count'),
    addedBytes: asUint(added, 'Added bytes'),
    generation: asUint(generation, 'A generation'),
  }
}

function volumeFromCbor(value: CborValue): CatalogVolume {
  const [id, number, keyEpoch, maxSize, chainId, market, ...orders] = asArray(value, 'A volume')
  return {
    volumeId: asBytes(id, 'A volume id', 16),
    number: asUint(number, 'A volume number'),
    keyEpoch: asUint(keyEpoch, 'A key epoch'),
    maxSize: asUint(maxSize, 'A maximum size'),
    chainId: asUint(chainId, 'A chain id'),
    market: asBytes(market, 'A market address', 20),
    orderIds: orders.map((order) => {
      if ((typeof order !== 'number' && typeof order !== 'bigint') || order < 0) {
        throw logCorrupt('An order id is not an unsigned integer.')
      }
      return BigInt(order)
    }),
  }
}
