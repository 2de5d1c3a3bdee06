import { assertSameBytes, type CborValue, encodeCbor, parseCbor } from './cbor.ts'
import { entryFromCbor, entryToCbor, type NodeEntry } from './node-entry.ts'
import { asArray, asBytes, asMap, asText, asUint, onlyKeys } from './read-cbor.ts'

export interface SnapshotTotals {
  files: number
  directories: number
  links: number
  /** Listed, not stored, and nothing is lost by that: FIFOs, sockets, devices. */
  others: number
  /** Bytes of the files, holes included. */
  bytes: number
}

/** docs/PROTOCOL.md 2, "Snapshot record". Times in unix ms. */
export interface SnapshotRecord {
  /** 16 random bytes. */
  snapshotId: Uint8Array
  startedAt: number
  finishedAt: number
  host: string
  sourcePath: Uint8Array
  root: NodeEntry
  totals: SnapshotTotals
  /** The first of those that are missing: path from the root, reason. */
  partial: { path: Uint8Array; reason: string }[]
  missing: number
  addedBytes: number
}

const KEYS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
const TOTALS = ['files', 'directories', 'links', 'others', 'bytes'] as const

export function encodeSnapshotRecord(record: SnapshotRecord): Uint8Array {
  const map: [CborValue, CborValue][] = [
    [0, record.snapshotId],
    [1, record.startedAt],
    [2, record.finishedAt],
    [3, record.host],
    [4, record.sourcePath],
    [5, entryToCbor(record.root)],
    [6, new Map(TOTALS.map((name) => [name, record.totals[name]]))],
    [7, record.partial.map(({ path, reason }) => [path, reason])],
    [8, record.missing],
    [9, record.addedBytes],
  ]
  return encodeCbor(new Map(map))
}

/** @throws LOG_CORRUPT, UNSAFE_PATH. */
export function decodeSnapshotRecord(bytes: Uint8Array): SnapshotRecord {
  const map = asMap(parseCbor(bytes, 'A snapshot record'), 'A snapshot record')
  onlyKeys(map, KEYS, 'A snapshot record')
  const totals = asMap(map.get(6), 'Snapshot totals')
  onlyKeys(totals, TOTALS, 'Snapshot totals')
  const total = (name: (typeof TOTALS)[number]) => asUint(totals.get(name), `The total of ${name}`)
  const record: SnapshotRecord = {
    snapshotId: asBytes(map.get(0), 'A snapshot id', 16),
    startedAt: asUint(map.get(1), 'A start time'),
    finishedAt: asUint(map.get(2), 'A finish time'),
    host: asText(map.get(3), 'A host name'),
    sourcePath: asBytes(map.get(4), 'A source path'),
    root: entryFromCbor(asMap(map.get(5), 'A root entry'), true),
    totals: {
      files: total('files'),
      directories: total('directories'),
      links: total('links'),
      others: total('others'),
      bytes: total('bytes'),
    },
    partial: asArray(map.get(7), 'The missing').map((pair) => {
      const [path, reason] = asArray(pair, 'A missing entry', 2)
      return { path: asBytes(path, 'A missing path'), reason: asText(reason, 'A reason') }
    }),
    missing: asUint(map.get(8), 'The count of missing'),
    addedBytes: asUint(map.get(9), 'The added bytes'),
  }
  assertSameBytes(bytes, encodeSnapshotRecord(record), 'A snapshot record')
  return record
}
