import { equalBytes } from './bytes.ts'
import { assertSameBytes, type CborValue, encodeCbor, parseCbor } from './cbor.ts'
import { type ContentRef, contentRefFromCbor, contentRefToCbor } from './locator.ts'
import { logCorrupt } from './log-error.ts'
import { asArray, asBytes, asMap, asText, asUint, onlyKeys } from './read-cbor.ts'
import { assertSafeName, splitSafePath } from './safe-name.ts'
import { EncodedCbor } from './write-cbor.ts'

export const ENTRY_KIND = { file: 0, directory: 1, symlink: 2, hardlink: 3, listed: 4 } as const
export type EntryKind = (typeof ENTRY_KIND)[keyof typeof ENTRY_KIND]

/** What an entry was that is listed, but not stored. */
export const LISTED_AS = ['fifo', 'socket', 'char device', 'block device', 'unreadable', 'changed'] as const
export type ListedAs = (typeof LISTED_AS)[number]

/** One name in a directory (docs/PROTOCOL.md 2, "Nodes"). */
export interface NodeEntry {
  /** Bytes, not text; empty only for the root directory. */
  name: Uint8Array
  kind: EntryKind
  /** 12 bits: permissions, setuid, setgid, sticky. */
  mode: number
  /** Nanoseconds since 1970. */
  mtimeNs: bigint
  /** Bytes of a file, holes included. */
  size: number
  content: ContentRef
  /** Symlink. */
  target?: Uint8Array
  /** Hard link: the first name's path from the source's root. */
  linkPath?: Uint8Array
  uid: number
  gid: number
  /** Sparse file: offset, length, offset, length … ascending, not touching. */
  holes: number[]
  reason?: string
  listedAs?: ListedAs
  /** Pairs sorted by the name's length, then its bytes (as deterministic CBOR sorts them). */
  xattrs?: [Uint8Array, Uint8Array][]
}

export const NO_CONTENT: ContentRef = { level: 0, run: [] }
const KEYS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]
const INT64 = 2n ** 63n

/** An mtime in ns as an entry can hold it: one after the year 2262 or before 1677 becomes the last that 64 bits hold. */
export const keptTime = (ns: bigint): bigint => (ns >= INT64 ? INT64 - 1n : ns < -INT64 ? -INT64 : ns)

export function entryToCbor(entry: NodeEntry, content?: EncodedCbor): CborValue {
  const map = new Map<CborValue, CborValue>()
  if (entry.name.length > 0) map.set(0, entry.name)
  if (entry.kind !== 0) map.set(1, entry.kind)
  if (entry.mode !== 0) map.set(2, entry.mode)
  if (entry.mtimeNs !== 0n) map.set(3, entry.mtimeNs)
  if (entry.size !== 0) map.set(4, entry.size)
  if (content) map.set(5, content)
  else if (entry.content.level !== 0 || entry.content.run.length > 0)
    map.set(5, contentRefToCbor(entry.content))
  if (entry.target !== undefined) map.set(6, entry.target)
  if (entry.linkPath !== undefined) map.set(7, entry.linkPath)
  if (entry.uid !== 0) map.set(8, entry.uid)
  if (entry.gid !== 0) map.set(9, entry.gid)
  if (entry.holes.length > 0) map.set(10, entry.holes)
  if (entry.reason !== undefined) map.set(11, entry.reason)
  if (entry.listedAs !== undefined) map.set(12, entry.listedAs)
  if (entry.xattrs !== undefined && entry.xattrs.length > 0) {
    map.set(13, new Map<CborValue, CborValue>(entry.xattrs))
  }
  return map
}

export const encodeEntry = (entry: NodeEntry): Uint8Array => encodeCbor(entryToCbor(entry))

/** The same, with a content ref that is encoded already in place of the entry's own. */
export const encodeEntryWith = (entry: NodeEntry, content: Uint8Array): Uint8Array =>
  encodeCbor(entryToCbor(entry, new EncodedCbor(content)))

/** @throws LOG_CORRUPT, UNSAFE_PATH. `root`: the snapshot's root entry, whose name may be empty. */
export function entryFromCbor(value: CborValue, root = false): NodeEntry {
  const map = asMap(value, 'A node entry')
  onlyKeys(map, KEYS, 'A node entry')
  const uint = (key: number, what: string) => (map.has(key) ? asUint(map.get(key), what) : 0)
  const kind = uint(1, 'An entry kind')
  if (kind > 4) throw logCorrupt(`An entry has the unknown kind ${kind}.`)
  const mtime = map.get(3) ?? 0
  if (typeof mtime !== 'number' && typeof mtime !== 'bigint') throw logCorrupt('An mtime is not an integer.')
  const entry: NodeEntry = {
    name: map.has(0) ? asBytes(map.get(0), 'A name') : new Uint8Array(0),
    kind: kind as EntryKind,
    mode: uint(2, 'A mode'),
    mtimeNs: BigInt(mtime),
    size: uint(4, 'A size'),
    content: map.has(5) ? contentRefFromCbor(map.get(5)) : NO_CONTENT,
    uid: uint(8, 'A uid'),
    gid: uint(9, 'A gid'),
    holes: map.has(10) ? asArray(map.get(10), 'Holes').map((hole) => asUint(hole, 'A hole')) : [],
  }
  if (map.has(6)) entry.target = asBytes(map.get(6), 'A symlink target')
  if (map.has(7)) entry.linkPath = asBytes(map.get(7), 'A hard link path')
  if (map.has(11)) entry.reason = asText(map.get(11), 'A reason')
  if (map.has(12)) entry.listedAs = asListed(map.get(12))
  if (map.has(13)) entry.xattrs = asXattrs(map.get(13))
  check(entry, root)
  return entry
}

/** @throws LOG_CORRUPT, UNSAFE_PATH. */
export function decodeEntry(bytes: Uint8Array): NodeEntry {
  const entry = entryFromCbor(parseCbor(bytes, 'A node entry'))
  assertSameBytes(bytes, encodeEntry(entry), 'A node entry')
  return entry
}

function asListed(value: CborValue | undefined): ListedAs {
  const text = asText(value, 'What was listed')
  const known = LISTED_AS.find((name) => name === text)
  if (!known) throw logCorrupt(`An entry is listed as the unknown ${text.slice(0, 40)}.`)
  return known
}

function asXattrs(value: CborValue | undefined): [Uint8Array, Uint8Array][] {
  const pairs: [Uint8Array, Uint8Array][] = []
  for (const [name, content] of asMap(value, 'Extended attributes')) {
    pairs.push([asBytes(name, 'An attribute name'), asBytes(content, 'An attribute value')])
    // keys are objects to a Map, so the decoder does not see a repeated one; deterministic order puts them together
    const [previous, last] = pairs.slice(-2).map(([key]) => key as Uint8Array)
    if (previous && last && equalBytes(previous, last)) throw logCorrupt('An attribute occurs twice.')
  }
  return pairs
}

/** Rules that tie fields together; a reader can then rely on them. */
function check(entry: NodeEntry, root: boolean): void {
  if (!(root && entry.name.length === 0)) assertSafeName(entry.name)
  if (entry.mode > 0o7777) throw logCorrupt(`An entry has the mode 0o${entry.mode.toString(8)}.`)
  if (entry.mtimeNs >= INT64 || entry.mtimeNs < -INT64) throw logCorrupt('An mtime exceeds 64 bits.')
  const is = (kind: EntryKind) => entry.kind === kind
  if (is(ENTRY_KIND.symlink) !== (entry.target !== undefined)) {
    throw logCorrupt('A symlink without a target, or a target without a symlink.')
  }
  if (entry.target && (entry.target.length === 0 || entry.target.includes(0))) {
    throw logCorrupt('A symlink target is empty or contains a NUL byte.')
  }
  if (is(ENTRY_KIND.hardlink) !== (entry.linkPath !== undefined)) {
    throw logCorrupt('A hard link without a path, or a path without a hard link.')
  }
  if (entry.linkPath) splitSafePath(entry.linkPath)
  if (is(ENTRY_KIND.listed) !== (entry.listedAs !== undefined)) {
    throw logCorrupt('A listed entry does not say what it was.')
  }
  const hasContent = entry.content.level !== 0 || entry.content.run.length > 0
  if (hasContent && !is(ENTRY_KIND.file) && !is(ENTRY_KIND.directory)) {
    throw logCorrupt('An entry that is neither file nor directory has content.')
  }
  let end = 0
  if (entry.holes.length % 2 !== 0 || (entry.holes.length > 0 && !is(ENTRY_KIND.file))) {
    throw logCorrupt('Holes are not pairs, or not of a file.')
  }
  for (let i = 0; i < entry.holes.length; i += 2) {
    const offset = entry.holes[i] as number
    const length = entry.holes[i + 1] as number
    if (length === 0 || offset < end || (i > 0 && offset === end) || offset + length > entry.size) {
      throw logCorrupt(`A hole of ${length} bytes at ${offset} is not possible.`)
    }
    end = offset + length
  }
}
