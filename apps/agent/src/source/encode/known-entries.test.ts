import {
  appendFileSync,
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, describe, expect, it } from 'vitest'
import { tempFolder } from '../test/make-tree.ts'
import { Excluder } from './excluder.ts'
import { Manifest } from './manifest.ts'
import { FolderReader, loadReadFolder } from './read-folder.ts'
import { type ScanTotals, scan } from './scan.ts'

const native = loadReadFolder()
const open: { cleanUp(): void }[] = []
afterEach(() => {
  for (const { cleanUp } of open.splice(0)) cleanUp()
})

/** A source, scanned again and again; each scan has the manifest of the last one. */
function setUp() {
  const temp = tempFolder()
  open.push(temp)
  const at = (name: string) => join(temp.path, name)
  const root = at('source')
  mkdirSync(root)
  let count = 0
  let last: string | null = null
  /** `given`: what was entered one by one. The manifest becomes the last one only with `keep`. */
  const walk = (reader: FolderReader, keep: boolean, patterns: readonly string[] = []) => {
    const given: string[] = []
    const folders = {
      tellsKnown: reader.tellsKnown,
      *entries(...args: Parameters<FolderReader['entries']>) {
        for (const entry of reader.entries(...args)) {
          given.push(entry.name.toString())
          yield entry
        }
      },
    }
    const file = at(`manifest-${count++}`)
    const prev = last === null ? null : Manifest.openExisting(last)
    const manifest = Manifest.create(file)
    const path = Buffer.from(root)
    const totals = scan({
      root: path,
      manifest,
      prev,
      excluder: Excluder.of(path, patterns),
      tick: () => {},
      folders,
    })
    const rows = manifest.sql('SELECT * FROM entry ORDER BY dir, name', true).all()
    const dirs = manifest.sql('SELECT id, parent, name, depth, prev, same FROM dir ORDER BY id').all()
    prev?.close()
    manifest.close()
    if (keep) last = file
    return { totals, rows, dirs, given }
  }
  return {
    root,
    path: (name: string) => join(root, name),
    walk,
    /** What reading and storing the content does to the rows. */
    store: (sql = '') => {
      const db = new DatabaseSync(last ?? '')
      db.exec(
        `${sql}; UPDATE entry SET todo = 0, ref = CAST('ref ' || ino AS BLOB) WHERE todo = 1 AND kind = 0`,
      )
      db.close()
    },
  }
}

const reader = (knows: boolean) => new FolderReader(knows ? native : null)
const names = ({ given }: { given: string[] }) => given.sort()

describe.runIf(native)('entries that are as the last scan found them', () => {
  it('are not entered one by one, beside others in the same folder', () => {
    const t = setUp()
    mkdirSync(t.path('folder'))
    for (let i = 0; i < 300; i++) writeFileSync(t.path(`folder/${i}`), 'x'.repeat(i))
    symlinkSync('0', t.path('folder/link'))
    linkSync(t.path('folder/7'), t.path('folder/linked'))
    t.walk(reader(true), true)
    t.store()
    // which name of a file comes first is found out anew each time
    expect(names(t.walk(reader(true), true))).toEqual(['7', 'linked'])
    t.store()
    appendFileSync(t.path('folder/12'), 'more')
    rmSync(t.path('folder/link'))
    symlinkSync('1', t.path('folder/link'))
    writeFileSync(t.path('folder/new'), '')
    const { given, totals } = t.walk(reader(true), true)
    expect(names({ given })).toEqual(['12', '7', 'folder', 'link', 'linked', 'new'])
    expect(totals).toMatchObject({ files: 302, links: 1, todoFiles: 1 })
    t.store()
    expect(names(t.walk(reader(true), true))).toEqual(['7', 'linked'])
  })

  it('are, in a folder that has lost a name', () => {
    const t = setUp()
    for (const name of ['a', 'b', 'c']) writeFileSync(t.path(name), name)
    t.walk(reader(true), true)
    t.store()
    rmSync(t.path('b'))
    // once to find that out, once more to enter them
    expect(names(t.walk(reader(true), true))).toEqual(['a', 'c'])
    t.store()
    expect(names(t.walk(reader(true), true))).toEqual([])
  })

  it.each([
    ['changed within the clock’s step while it was read', 'UPDATE entry SET ctime = 0 WHERE size = 1'],
    [
      'could not be read, though its stat is the same',
      "UPDATE entry SET kind = 4, todo = 0, listed = 'unreadable', reason = 'EIO', size = 0 WHERE size = 1",
    ],
    ['was gone when it was to be read', 'DELETE FROM entry WHERE size = 1'],
    [
      'was found later than it was read',
      'UPDATE entry SET mtime = mtime + 1, ctime = ctime + 1 WHERE size = 1',
    ],
  ])('are not what the last scan found of a file that %s', (_what, sql) => {
    const t = setUp()
    writeFileSync(t.path('one'), '1')
    writeFileSync(t.path('other'), 'other')
    t.walk(reader(true), true)
    t.store(sql)
    const { rows, given } = t.walk(reader(true), true)
    expect(names({ given })).toEqual(['one', 'other'])
    expect(rows.map(({ name, kind, todo }) => [String(Buffer.from(name as Uint8Array)), kind, todo])).toEqual(
      [
        ['one', 0n, 1n],
        ['other', 0n, 0n],
      ],
    )
  })

  it('are entered one by one after a manifest of a version that kept no marks, and known the next time', () => {
    const t = setUp()
    writeFileSync(t.path('one'), '1')
    t.walk(reader(true), true)
    t.store('DROP TRIGGER mark_less; DROP TRIGGER mark_changed; DROP TABLE mark')
    const { given, totals } = t.walk(reader(true), true)
    expect([given, totals.todoFiles]).toEqual([['one'], 0])
    expect(names(t.walk(reader(true), true))).toEqual([])
  })

  it('are entered one by one when more others are in the folder than memory is for, or more than marks are kept of', () => {
    const t = setUp()
    for (let i = 0; i < 1500; i++) writeFileSync(t.path(`${i}`), '')
    t.walk(reader(true), true)
    for (let i = 0; i < 1001; i++) chmodSync(t.path(`${i}`), 0o600)
    const { rows, given } = t.walk(reader(true), true)
    expect(rows.length).toBe(1500)
    expect(given.length).toBeGreaterThan(1500)
    expect(names(t.walk(reader(true), true))).toEqual([])
    for (let i = 0; i < 1000; i++) chmodSync(t.path(`${i}`), 0o640)
    expect(t.walk(reader(true), true).given.length).toBe(1000)
  })

  it('and the others make the same manifest as entries that are all entered one by one, whatever happened', () => {
    const t = setUp()
    const random = dice(20261201)
    let knew = 0
    for (let round = 0; round < 60; round++) {
      for (let i = 0; i < 6; i++) happen(t.root, random)
      const patterns = pick(random, [[], [], ['*3'], ['/d*/'], ['*1', '!a1']])
      const plain = t.walk(reader(false), false, patterns)
      const { given, ...same } = t.walk(reader(true), true, patterns)
      expect(same, `round ${round}`).toEqual(withoutGiven(plain))
      knew += same.rows.length - given.length
      t.store(
        pick(random, [
          '',
          'UPDATE entry SET ctime = 0 WHERE todo = 1 AND ino % 3 = 0',
          "UPDATE entry SET kind = 4, todo = 0, listed = 'changed', reason = 'x', size = 0 WHERE todo = 1 AND ino % 4 = 0",
          'DELETE FROM entry WHERE todo = 1 AND ino % 5 = 0',
          'UPDATE entry SET kind = 3, todo = 0, target = name WHERE todo = 1 AND nlink > 1',
        ]),
      )
    }
    // it is not that nothing was ever known
    expect(knew).toBeGreaterThan(300)
  })
})

const withoutGiven = ({ totals, rows, dirs }: { totals: ScanTotals; rows: unknown; dirs: unknown }) => ({
  totals,
  rows,
  dirs,
})

/** Numbers from 0 up to, not including, `below`, always the same for a seed. */
function dice(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return (state >>> 8) % below
  }
}
const pick = <T>(random: (below: number) => number, of: readonly T[]): T => of[random(of.length)] as T

/** Something happens to one name somewhere below. */
function happen(root: string, random: (below: number) => number): void {
  const all = readdirSync(root, { recursive: true, withFileTypes: true })
  const folders = [
    root,
    ...all.filter((one) => one.isDirectory()).map((one) => join(one.parentPath, one.name)),
  ]
  const file = all.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name))
  const any = all.map((one) => join(one.parentPath, one.name))
  const fresh = () => join(pick(random, folders), `${pick(random, ['a', 'b', 'd', 'é '])}${random(40)}`)
  const keepTime = (path: string, change: () => void) => {
    const { atime, mtime } = lstatSync(path)
    change()
    utimesSync(path, atime, mtime)
  }
  const to = fresh()
  const one = file.length > 0 ? pick(random, file) : null
  const some = any.length > 0 ? pick(random, any) : null
  const ways: (() => void)[] = [
    () => writeFileSync(to, 'x'.repeat(random(50))),
    () => writeFileSync(to, 'x'.repeat(random(50))),
    () => mkdirSync(to),
    () => symlinkSync(pick(random, ['a1', 'b2']), to),
    () => one && appendFileSync(one, 'more'),
    () => one && keepTime(one, () => writeFileSync(one, 'y'.repeat(lstatSync(one).size))),
    () => one && linkSync(one, to),
    () => one && renameSync(one, to),
    () => one && keepTime(dirname(one), () => rmSync(one)),
    () => some && rmSync(some, { recursive: true }),
    () => some && chmodSync(some, random(2) === 0 ? 0o700 : 0o750),
    () => some && utimesSync(some, random(1000), random(1000)),
  ]
  try {
    pick(random, ways)()
  } catch {
    // a link to nowhere, a folder into itself: then nothing happens
  }
}
