import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareBytes, concatBytes } from './bytes.ts'
import { type Catalog, decodeCatalog, encodeCatalog } from './catalog.ts'
import { type CborValue, cborItemLength, decodeCbor, encodeCbor } from './cbor.ts'
import { INDEX_ROW, readIndexRows, segmentsToAbsorb, writeIndexRow } from './index-segment.ts'
import { type ContentRef, contentRefToCbor, type Slice } from './locator.ts'
import {
  decodeEntry,
  ENTRY_KIND,
  encodeEntry,
  encodeEntryWith,
  entryFromCbor,
  LISTED_AS,
  NO_CONTENT,
  type NodeEntry,
} from './node-entry.ts'
import { nameProblem, splitSafePath } from './safe-name.ts'
import { decodeSnapshotRecord, encodeSnapshotRecord } from './snapshot-record.ts'

const codeOf = (work: () => unknown): string => {
  try {
    work()
    return 'accepted'
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const uint = fc.maxSafeNat()
const locator = fc.record({
  blobId: bytes(32),
  volumeId: bytes(16),
  offset: uint,
  stored: fc.integer({ min: 29, max: 4194333 }),
})
const slice: fc.Arbitrary<Slice> = fc
  .record({
    at: locator,
    start: fc.integer({ min: 0, max: 2 ** 21 }),
    length: fc.integer({ min: 1, max: 2 ** 21 }),
  })
  .map(({ at, start, length }) => ({ ...at, start, length }))
const content: fc.Arbitrary<ContentRef> = fc.record({
  level: fc.integer({ min: 0, max: 6 }),
  run: fc.array(slice, { minLength: 1, maxLength: 4 }),
})
const name = fc.uint8Array({ minLength: 1, maxLength: 255 }).filter((n) => nameProblem(n) === null)
const common = fc.record({
  name,
  mode: fc.integer({ min: 0, max: 0o7777 }),
  mtimeNs: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  uid: fc.nat(),
  gid: fc.nat(),
})
const plain = { size: 0, content: NO_CONTENT, holes: [] as number[] }
const entry: fc.Arbitrary<NodeEntry> = fc.oneof(
  fc
    .record({ common, content, size: uint })
    .map((e) => ({ ...plain, ...e.common, kind: ENTRY_KIND.file, content: e.content, size: e.size })),
  common.map((c) => ({ ...plain, ...c, kind: ENTRY_KIND.file, size: 100, holes: [0, 10, 20, 80] })),
  fc
    .record({ common, content })
    .map((e) => ({ ...plain, ...e.common, kind: ENTRY_KIND.directory, content: e.content })),
  fc
    .record({ common, target: fc.uint8Array({ minLength: 1 }).filter((t) => !t.includes(0)) })
    .map((e) => ({ ...plain, ...e.common, kind: ENTRY_KIND.symlink, target: e.target })),
  fc.record({ common, parts: fc.array(name, { minLength: 1, maxLength: 4 }) }).map((e) => ({
    ...plain,
    ...e.common,
    kind: ENTRY_KIND.hardlink,
    linkPath: concatBytes(...e.parts.flatMap((p, i) => (i === 0 ? [p] : [Uint8Array.of(0x2f), p]))),
  })),
  fc
    .record({ common, listedAs: fc.constantFrom(...LISTED_AS), reason: fc.string() })
    .map((e) => ({ ...plain, ...e.common, kind: ENTRY_KIND.listed, listedAs: e.listedAs, reason: e.reason })),
)

describe('node entries', () => {
  it('round trip, in one encoding only', () => {
    fc.assert(
      fc.property(entry, (value) => {
        const encoded = encodeEntry(value)
        expect(decodeEntry(encoded)).toEqual(value)
        const content = encodeCbor(contentRefToCbor(value.content))
        if (value.content.run.length > 0) expect(encodeEntryWith(value, content)).toEqual(encoded)
        expect(cborItemLength(encoded, 0)).toBe(encoded.length)
        for (const cut of [1, encoded.length >> 1, encoded.length - 1]) {
          expect(cborItemLength(encoded.subarray(0, cut), 0)).toBe(-1)
        }
        expect(codeOf(() => decodeEntry(concatBytes(encoded, Uint8Array.of(0))))).toBe('LOG_CORRUPT')
      }),
    )
  })

  it('any bytes decode or are refused with a code; nothing else is thrown', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (data) => {
        expect(['accepted', 'LOG_CORRUPT', 'UNSAFE_PATH']).toContain(codeOf(() => decodeEntry(data)))
        expect(['accepted', 'LOG_CORRUPT']).toContain(codeOf(() => cborItemLength(data, 0)))
        expect(['accepted', 'LOG_CORRUPT']).toContain(codeOf(() => decodeCatalog(data)))
        expect(['accepted', 'LOG_CORRUPT', 'UNSAFE_PATH']).toContain(codeOf(() => decodeSnapshotRecord(data)))
      }),
      { numRuns: 2000 },
    )
  })

  it('a flipped bit never decodes to the same entry', () => {
    fc.assert(
      fc.property(entry, fc.nat(), fc.integer({ min: 0, max: 7 }), (value, at, bit) => {
        const encoded = encodeEntry(value)
        const place = at % encoded.length
        const flipped = encoded.with(place, (encoded[place] as number) ^ (1 << bit))
        let decoded: NodeEntry | undefined
        try {
          decoded = decodeEntry(flipped)
        } catch (error) {
          expect((error as { code: string }).code).toMatch(/LOG_CORRUPT|UNSAFE_PATH/)
        }
        if (decoded) expect(encodeEntry(decoded)).toEqual(flipped)
      }),
    )
  })

  it('extended attributes keep bytes, and none occurs twice', () => {
    const value: NodeEntry = {
      ...plain,
      name: Uint8Array.of(97),
      kind: ENTRY_KIND.file,
      mode: 0o644,
      mtimeNs: 1n,
      uid: 0,
      gid: 0,
      xattrs: [
        [Uint8Array.of(1), Uint8Array.of(255)],
        [Uint8Array.of(0, 1), new Uint8Array(0)],
      ],
    }
    expect(decodeEntry(encodeEntry(value))).toEqual(value)
    // {0: h'61', 13: {h'01': h'', h'01': h''}}
    const twice = Uint8Array.of(0xa2, 0, 0x41, 0x61, 13, 0xa2, 0x41, 1, 0x40, 0x41, 1, 0x40)
    expect(codeOf(() => decodeEntry(twice))).toBe('LOG_CORRUPT')
  })

  it('fields that contradict each other are refused', () => {
    const map = (...pairs: [number, CborValue][]) =>
      new Map<CborValue, CborValue>([[0, Uint8Array.of(97)], ...pairs])
    const run: CborValue = [[[new Uint8Array(32), new Uint8Array(16), 0, 100], 0, 10]]
    const refused: [string, Map<CborValue, CborValue>][] = [
      ['unknown kind', map([1, 5])],
      ['unknown key', map([99, 1])],
      ['mode over 12 bits', map([2, 0o10000])],
      ['symlink without target', map([1, 2])],
      ['target without symlink', map([6, Uint8Array.of(1)])],
      ['empty target', map([1, 2], [6, new Uint8Array(0)])],
      ['NUL in target', map([1, 2], [6, new Uint8Array(1)])],
      ['hard link without path', map([1, 3])],
      ['listed as nothing', map([1, 4])],
      ['listed as something else', map([1, 4], [12, 'door'])],
      ['symlink with content', map([1, 2], [5, [0, run]], [6, Uint8Array.of(1)])],
      ['holes overlap', map([4, 100], [10, [0, 10, 5, 10]])],
      ['holes touch', map([4, 100], [10, [0, 10, 10, 10]])],
      ['hole past the end', map([4, 100], [10, [95, 10]])],
      ['half a hole', map([4, 100], [10, [95]])],
      ['empty hole', map([4, 100], [10, [95, 0]])],
      ['seven levels', map([5, [7, run]])],
      ['a slice of nothing', map([5, [0, [[[new Uint8Array(32), new Uint8Array(16), 0, 100], 0, 0]]]])],
      ['65 slices', map([5, [0, Array.from({ length: 65 }, () => run[0] as CborValue)]])],
      ['float size', map([4, 1.5])],
      ['mtime over 64 bits', map([3, 2n ** 63n])],
      ['text name', new Map<CborValue, CborValue>([[0, 'a']])],
    ]
    for (const [what, value] of refused)
      expect(
        codeOf(() => entryFromCbor(value)),
        what,
      ).toBe('LOG_CORRUPT')
    expect(codeOf(() => entryFromCbor(map()))).toBe('accepted')
  })
})

describe('strict CBOR', () => {
  it('refuses what is not deterministic', () => {
    const refused = {
      'long int': [0x18, 1],
      'long length': [0x58, 1, 9],
      'keys out of order': [0xa2, 1, 0, 0, 0],
      'repeated key': [0xa2, 0, 0, 0, 0],
      'indefinite array': [0x9f, 0xff],
      undefined: [0xf7],
      'float that is an integer': [0xf9, 0x3c, 0],
      NaN: [0xf9, 0x7e, 0],
      tag: [0xc0, 0],
      empty: [],
      'trailing byte': [0, 0],
    }
    for (const [what, data] of Object.entries(refused)) {
      expect(
        codeOf(() => decodeCbor(Uint8Array.from(data), 'x')),
        what,
      ).toBe('LOG_CORRUPT')
    }
    expect(codeOf(() => cborItemLength(new Uint8Array(40).fill(0x81), 0))).toBe('LOG_CORRUPT')
    expect(cborItemLength(Uint8Array.of(0x9b, 255, 255, 255, 255, 255, 255, 255, 255), 0)).toBe(-1)
  })
})

describe('names', () => {
  const text = (value: string) => new TextEncoder().encode(value)

  it('that could leave the target are refused', () => {
    for (const bad of ['', '.', '..', '/', 'a/b', '/a', 'a\0b', 'x'.repeat(256)]) {
      expect(nameProblem(text(bad)), JSON.stringify(bad)).not.toBeNull()
      expect(codeOf(() => entryFromCbor(new Map([[0, text(bad)]])))).toBe('UNSAFE_PATH')
    }
    for (const good of ['a', '...', '.a', '..a', '\n', ' ', '\\', 'x'.repeat(255), 'C:']) {
      expect(nameProblem(text(good)), good).toBeNull()
    }
    for (const bad of ['', '/a', 'a/', 'a//b', 'a/../b', '../a', './a', 'a/..']) {
      expect(
        codeOf(() => splitSafePath(text(bad))),
        bad,
      ).toBe('UNSAFE_PATH')
    }
    expect(splitSafePath(text('a/b/c')).length).toBe(3)
    expect(codeOf(() => splitSafePath(text('a/'.repeat(40000))))).toBe('UNSAFE_PATH')
  })

  it('order is by unsigned bytes, a prefix first', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Math.sign(Buffer.compare(a, b)))
      }),
    )
  })
})

describe('records of a log', () => {
  it('a snapshot record and a catalog round trip', () => {
    fc.assert(
      fc.property(entry, locator, uint, fc.string(), (root, at, n, text) => {
        const record = {
          snapshotId: at.volumeId,
          startedAt: n,
          finishedAt: n,
          host: text,
          sourcePath: at.blobId,
          root: { ...root, name: root.kind === ENTRY_KIND.directory ? new Uint8Array(0) : root.name },
          totals: { files: n, directories: 1, links: 2, others: 3, bytes: n },
          partial: [{ path: at.blobId, reason: text }],
          missing: 1,
          addedBytes: n,
        }
        expect(decodeSnapshotRecord(encodeSnapshotRecord(record))).toEqual(record)
        const catalog: Catalog = {
          generation: Math.max(1, n),
          previousFooter: n % 2 ? { volumeId: at.volumeId, offset: n } : null,
          snapshots: [
            {
              snapshotId: at.volumeId,
              time: n,
              record: at,
              files: n,
              bytes: n,
              missing: 0,
              addedBytes: n,
              generation: 1,
            },
          ],
          volumes: [
            {
              volumeId: at.volumeId,
              number: 0,
              keyEpoch: 0,
              maxSize: n,
              chainId: 31337,
              market: new Uint8Array(20),
              orderIds: [1n, 2n ** 64n - 1n],
            },
          ],
          segments: [{ rows: n, run: [{ ...at, start: 0, length: 62 }] }],
          sourceName: text,
          checkpoint: n % 3 === 0,
        }
        expect(decodeCatalog(encodeCatalog(catalog))).toEqual(catalog)
      }),
    )
  })

  it('index rows round trip in 62 bytes', () => {
    fc.assert(
      fc.property(locator, fc.integer({ min: 0, max: 2 ** 48 - 1 }), fc.nat(), (at, offset, plainLength) => {
        const row = { ...at, offset, plain: plainLength }
        const out = new Uint8Array(2 * INDEX_ROW)
        writeIndexRow(row, out, INDEX_ROW)
        expect(readIndexRows(out.subarray(INDEX_ROW))).toEqual([row])
        expect(codeOf(() => readIndexRows(out.subarray(1)))).toBe('LOG_CORRUPT')
      }),
    )
  })

  it('segments merge so that at most log2 n stay live', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1000 }), { maxLength: 200 }), (sizes) => {
        let live: number[] = []
        for (const rows of sizes) {
          const absorbed = segmentsToAbsorb(live, rows)
          const merged = live.slice(live.length - absorbed).reduce((sum, n) => sum + n, rows)
          live = [...live.slice(0, live.length - absorbed), merged]
        }
        const total = sizes.reduce((sum, n) => sum + n, 0)
        expect(live.reduce((sum, n) => sum + n, 0)).toBe(total)
        expect(live.length).toBeLessThanOrEqual(Math.floor(Math.log2(Math.max(1, total))) + 1)
      }),
    )
  })

  it('CBOR of nested values keeps its bytes', () => {
    expect(decodeCbor(encodeCbor([1, [2n ** 60n, 'x', null, true]]), 'x')).toEqual([
      1,
      [2n ** 60n, 'x', null, true],
    ])
  })
})
