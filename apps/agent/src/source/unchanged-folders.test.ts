import {
  appendFileSync,
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { deriveLogKeys } from '@dmc/core/log/derive-keys'
import type { LogCrypto } from '@dmc/core/log/log-crypto'
import { nodeLogCrypto } from '@dmc/core/log/node-log-crypto'
import { describe, expect, it } from 'vitest'
import { compareTrees } from './compare-trees.ts'
import type { BlobStore } from './encode/blob-store.ts'
import { NodeEncoder, type NodeTotals } from './encode/encode-nodes.ts'
import { Manifest } from './encode/manifest.ts'
import { scan } from './encode/scan.ts'
import { openSnapshot } from './list-snapshot.ts'
import { openCatalog } from './open-catalog.ts'
import { backUp, FileMiner, targetOf } from './test/file-miner.ts'
import { noise, settle } from './test/make-tree.ts'
import { setUp } from './test/set-up.ts'

const isRoot = process.getuid?.() === 0

/** Folders within folders, each kind of entry in some of them; `a/b/c` is far from the rest. */
function makeFolders(root: string): void {
  for (const folder of ['a/b/c/d', 'a/b/other', 'e/f', 'e/g', 'links', 'void/in/void'])
    mkdirSync(join(root, folder), { recursive: true })
  for (const file of [
    'a/1',
    'a/b/2',
    'a/b/c/3',
    'a/b/c/d/4',
    'a/b/other/5',
    'e/6',
    'e/f/7',
    'e/f/8',
    'e/g/9',
  ])
    writeFileSync(join(root, file), noise(2000, file))
  writeFileSync(join(root, 'e/g/empty'), '')
  symlinkSync('../a/1', join(root, 'links/to-1'))
  linkSync(join(root, 'a/b/2'), join(root, 'links/again-2'))
}

type Change = [what: string, change: (at: (path: string) => string) => void]
const CHANGES: Change[] = [
  ['nothing', () => {}],
  ['a file far below got longer', (at) => appendFileSync(at('a/b/c/d/4'), 'more')],
  [
    'a file far below has the same length and other bytes',
    (at) => writeFileSync(at('a/b/c/d/4'), noise(2004, 1)),
  ],
  ['only the mode of a file', (at) => chmodSync(at('a/b/c/3'), 0o600)],
  ['only the time of a file', (at) => utimesSync(at('e/f/7'), 1_000_000, 1_000_000.25)],
  ['only the mode of a folder', (at) => chmodSync(at('a/b/c'), 0o711)],
  ['only the time of a folder', (at) => utimesSync(at('a/b/other'), 77, 77)],
  ['only the mode of an empty folder', (at) => chmodSync(at('void/in/void'), 0o700)],
  ['one name less', (at) => unlinkSync(at('e/f/8'))],
  ['one name less, and the folder’s time as it was', keepingTime('e/g', (at) => unlinkSync(at('e/g/9')))],
  [
    'one name more, and the folder’s time as it was',
    keepingTime('e/g', (at) => writeFileSync(at('e/g/10'), 'x')),
  ],
  ['another name for the same file', keepingTime('e/f', (at) => renameSync(at('e/f/7'), at('e/f/7b')))],
  ['files that changed names', (at) => swap(at('a/b/c/3'), at('a/b/c/d/4'))],
  ['folders that changed names', (at) => swap(at('a/b'), at('e/g'))],
  ['a link to elsewhere', (at) => [unlinkSync(at('links/to-1')), symlinkSync('../a/2', at('links/to-1'))]],
  ['a file that became a link', (at) => [unlinkSync(at('e/6')), symlinkSync('6', at('e/6'))]],
  [
    'a folder that became a file',
    (at) => [rmSync(at('void/in/void'), { recursive: true }), writeFileSync(at('void/in/void'), '')],
  ],
  ['a file that became a folder', (at) => [unlinkSync(at('void/in/void')), mkdirSync(at('void/in/void'))]],
  ['the last name in a folder', (at) => rmSync(at('void/in/void'), { recursive: true })],
  ['a hard link less, in another folder', keepingTime('links', (at) => unlinkSync(at('links/again-2')))],
  ['a hard link more, in another folder', (at) => linkSync(at('a/1'), at('e/one'))],
  ['a folder moved into another', (at) => renameSync(at('a'), at('links/a'))],
  ['and back', (at) => renameSync(at('links/a'), at('a'))],
  ['nothing again', () => {}],
]
if (isRoot) {
  CHANGES.push(
    ['only the owner of a file', (at) => chownSync(at('e/f/7b'), 12, 34)],
    ['only the owner of a folder', (at) => chownSync(at('e/g'), 56, 78)],
  )
}

function keepingTime(folder: string, change: Change[1]): Change[1] {
  return (at) => {
    const { atime, mtime } = statSync(at(folder))
    change(at)
    utimesSync(at(folder), atime, mtime)
  }
}

function swap(one: string, other: string): void {
  const aside = join(dirname(one), 'aside')
  renameSync(one, aside)
  renameSync(other, one)
  renameSync(aside, other)
}

describe('folders of which nothing differs', () => {
  it('are taken over, and each snapshot is the folder as it is, whatever changed in one place', async () => {
    const t = setUp()
    makeFolders(t.root)
    await settle()
    await t.backUp()
    for (const [i, [what, change]] of CHANGES.entries()) {
      change((path) => join(t.root, path))
      await settle()
      const { snapshot, missing } = await t.backUp()
      // a host that knows of no earlier snapshot reads and encodes everything
      const fresh = new FileMiner(t.at(`fresh-${i}`), targetOf(8))
      const whole = await backUp(fresh, { ...t.basics, dataDir: t.at(`data-${i}`) })
      expect([snapshot.files, snapshot.bytes, missing], what).toEqual([
        whole.snapshot.files,
        whole.snapshot.bytes,
        [],
      ])
      const { snapshot: stored } = await t.openLog()
      const opened = await openCatalog({ reader: fresh, heads: [fresh.head()], keys: t.keys })
      const truly = await openSnapshot({ opened, reader: fresh })
      expect(stored.record.totals, what).toEqual(truly.record.totals)
      await t.restore(`out-${i}`)
      const { differences } = await compareTrees(t.root, t.at(`out-${i}`), { owners: isRoot })
      expect(differences, what).toEqual([])
    }
  })

  it('that an exclude now leaves a name out of are encoded without it', async () => {
    const t = setUp()
    makeFolders(t.root)
    await settle()
    await t.backUp()
    const result = await t.backUp({ excludes: ['a/b/c/3'] })
    expect([result.excluded, result.unchanged]).toEqual([1, false])
    await t.restore('out')
    expect(readdirSync(t.at('out/a/b/c'))).toEqual(['d'])
    expect(lstatSync(t.at('out/a/b/c/d/4')).size).toBe(2000)
  })
})

describe('of all folders', () => {
  it('only those above a change are encoded', () => {
    const t = walked()
    expect(t.again()).toEqual({ encoded: 0, totals: t.first })
    chmodSync(join(t.root, 'a/b/c/3'), 0o640)
    // c, b, a, and the root
    expect(t.again()).toEqual({ encoded: 4, totals: t.first })
    chmodSync(join(t.root, 'a/b/c'), 0o750)
    // what is in it stays as it is
    expect(t.again()).toEqual({ encoded: 3, totals: t.first })
    unlinkSync(join(t.root, 'e/g/9'))
    expect(t.again()).toEqual({ encoded: 3, totals: { ...t.first, files: t.first.files - 1 } })
  })

  it('one with a folder that can’t be read any more is encoded, and says so', () => {
    const t = walked()
    // as the scan leaves it, which meets no such folder when root runs it
    const unreadable = (manifest: Manifest) =>
      manifest.db.exec(`DELETE FROM dir WHERE name = CAST('f' AS BLOB);
        DELETE FROM entry WHERE name IN (CAST('7' AS BLOB), CAST('8' AS BLOB));
        UPDATE entry SET kind = 4, child = 0, listed = 'unreadable', reason = 'EACCES' WHERE name = CAST('f' AS BLOB)`)
    const { encoded, totals } = t.again(unreadable)
    expect(encoded).toBe(2)
    expect(totals).toMatchObject({
      missing: 1,
      files: t.first.files - 2,
      directories: t.first.directories - 1,
    })
    expect(totals.partial.map(({ path, reason }) => `${path}: ${reason}`)).toEqual(['e/f: EACCES'])
  })

  it('one whose kept place is damaged stops the backup instead of entering a snapshot', () => {
    const t = walked()
    t.damage('UPDATE dir SET ref = substr(ref, 1, length(ref) - 1) WHERE ref IS NOT NULL')
    expect(() => t.again()).toThrow('A cached content ref is damaged.')
  })

  it.each([
    ['has no place for its entries', 'UPDATE dir SET ref = NULL'],
    ['has lost a name', "DELETE FROM entry WHERE name = CAST('9' AS BLOB)"],
    [
      'has a name too many',
      "INSERT INTO entry SELECT dir, CAST('zz' AS BLOB), kind, mode, mtime, ctime, dev, ino, nlink, size, disk, uid, gid, child, todo, target, ref, holes, hash, listed, reason FROM entry WHERE name = CAST('9' AS BLOB)",
    ],
    [
      'has lost a name and does not know it',
      "DROP TRIGGER mark_less; DELETE FROM entry WHERE name = CAST('9' AS BLOB)",
    ],
    [
      'has one name for another and does not know it',
      "DROP TRIGGER mark_changed; UPDATE entry SET name = CAST('n' AS BLOB), ino = ino + 1 WHERE name = CAST('9' AS BLOB)",
    ],
    ['has another owner of a file', "UPDATE entry SET uid = uid + 1 WHERE name = CAST('9' AS BLOB)"],
    ['has another mode of a folder', "UPDATE entry SET mode = mode + 1 WHERE name = CAST('g' AS BLOB)"],
  ])('one is encoded when the last list of files %s', (_what, sql) => {
    const t = walked()
    t.damage(sql)
    const { encoded, totals } = t.again()
    expect(encoded).toBeGreaterThan(0)
    expect(totals).toEqual(t.first)
  })
})

/** A source of empty files that was scanned and whose folders were encoded; `again` does that anew beside the last one. */
function walked() {
  const t = setUp()
  mkdirSync(join(t.root, 'a/b/c'), { recursive: true })
  mkdirSync(join(t.root, 'e/f'), { recursive: true })
  mkdirSync(join(t.root, 'e/g/empty'), { recursive: true })
  for (const file of ['a/1', 'a/b/2', 'a/b/c/3', 'e/6', 'e/f/7', 'e/f/8', 'e/g/9'])
    writeFileSync(join(t.root, file), '')
  symlinkSync('6', join(t.root, 'e/link'))
  const { blobIdKey } = deriveLogKeys(nodeLogCrypto, t.keys.salt, t.keys.sourceKey)
  let count = 0
  const walk = (found: (manifest: Manifest) => void = () => {}): { encoded: number; totals: NodeTotals } => {
    const prev = count === 0 ? null : Manifest.openExisting(t.at(`manifest-${count}`))
    const manifest = Manifest.create(t.at(`manifest-${++count}`))
    let encoded = 0
    try {
      scan({ root: Buffer.from(t.root), manifest, prev, excluder: null, tick: () => {} })
      found(manifest)
      const store = {
        reusedBytes: 0,
        store: (_type: number, body: Uint8Array) => ({
          blobId: nodeLogCrypto.hmac(blobIdKey, body),
          volumeId: new Uint8Array(16),
          offset: 0,
          stored: body.length,
        }),
      } as unknown as BlobStore
      // the bytes of each folder that is encoded and not empty are hashed once
      const crypto: LogCrypto = {
        ...nodeLogCrypto,
        hmac: (...of) => {
          encoded++
          return nodeLogCrypto.hmac(...of)
        },
      }
      const gear = new Int32Array(256).fill(1)
      const encoder = new NodeEncoder({ manifest, prev, store, crypto, blobIdKey, gear, onEntries: () => {} })
      encoder.run()
      return { encoded, totals: encoder.totals }
    } finally {
      manifest.close()
      prev?.close()
    }
  }
  const { encoded, totals: first } = walk()
  expect(encoded).toBe(7)
  return {
    root: t.root,
    first,
    again: walk,
    damage(sql: string) {
      const db = new DatabaseSync(t.at(`manifest-${count}`))
      db.exec(sql)
      db.close()
    },
  }
}
