import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, describe, expect, it } from 'vitest'
import { tempFolder } from '../test/make-tree.ts'
import { toEntry } from './encode-nodes.ts'
import { Manifest } from './manifest.ts'
import { FolderReader } from './read-folder.ts'
import { scan } from './scan.ts'

const open: { cleanUp(): void }[] = []
afterEach(() => {
  for (const { cleanUp } of open.splice(0)) cleanUp()
})

/** A source in which folders can be on other devices; each scan has the manifest of the last one. */
function setUp() {
  const temp = tempFolder()
  open.push(temp)
  const at = (...parts: string[]) => join(temp.path, 'source', ...parts)
  for (const folder of ['disk/deep', 'plain', 'in/ner']) mkdirSync(at(folder), { recursive: true })
  for (const file of ['disk/1', 'disk/deep/2', 'plain/3', 'in/ner/4', '5']) writeFileSync(at(file), file)
  /** Folders by path: what is mounted there. */
  const mounted = new Map<string, bigint>()
  /** What the system says of an entry instead. */
  const broken = new Map<string, string>()
  let scans = 0
  const walk = ({ mayBeEmpty = false } = {}) => {
    const real = new FolderReader()
    const folders = {
      *entries(path: Buffer) {
        for (const { name, found } of real.entries(path)) {
          const below = join(path.toString(), name.toString()).slice(at().length + 1)
          const [, dev] = [...mounted].find(([top]) => below === top || below.startsWith(`${top}/`)) ?? []
          const error = broken.get(below)
          if (error !== undefined) yield { name, found: error }
          else
            yield { name, found: dev === undefined || typeof found === 'string' ? found : { ...found, dev } }
        }
      },
    }
    const prev = scans === 0 ? null : Manifest.openExisting(join(temp.path, `${scans - 1}`))
    const manifest = Manifest.create(join(temp.path, `${scans++}`))
    const root = Buffer.from(at())
    const totals = scan({ root, manifest, prev, excluder: null, mayBeEmpty, tick: () => {}, folders })
    const lost: string[] = []
    const rows = manifest.sql('SELECT id FROM dir ORDER BY id').all() as unknown as { id: number }[]
    for (const { id } of rows)
      for (const entry of [...manifest.entriesOf(id)].map(toEntry)) {
        if (entry.listedAs === undefined) continue
        expect(entry.listedAs).toBe('unreadable')
        if (entry.reason === 'ENOTCONN') continue
        expect(entry.reason).toMatch(/^it is empty, and another disk was mounted there before/)
        lost.push(join(manifest.pathOf(id).toString(), Buffer.from(entry.name).toString()))
      }
    const { directories, files } = totals
    expect(directories).toBe(rows.length)
    manifest.close()
    prev?.close()
    return { lost, directories, files }
  }
  const unmount = (path: string) => {
    mounted.delete(path)
    rmSync(at(path), { recursive: true })
    mkdirSync(at(path))
  }
  /** In the list of the last scan. */
  const change = (sql: string) => {
    const db = new DatabaseSync(join(temp.path, `${scans - 1}`))
    db.exec(sql)
    db.close()
  }
  return { at, walk, mounted, broken, unmount, change }
}

describe('a folder on which another disk was mounted, and none is now', () => {
  it('is listed as missing while it is empty, again and again, until the disk is back', () => {
    const t = setUp()
    t.mounted.set('disk', 77n).set('in/ner', 78n)
    expect(t.walk()).toEqual({ lost: [], directories: 6, files: 5 })
    expect(t.walk().lost).toEqual([])
    t.unmount('disk')
    t.unmount('in/ner')
    for (let again = 0; again < 3; again++)
      expect(t.walk()).toEqual({ lost: ['disk', 'in/ner'], directories: 3, files: 2 })
    t.mounted.set('disk', 90n)
    writeFileSync(t.at('disk/1'), 'back')
    expect(t.walk().lost).toEqual(['in/ner'])
    t.unmount('disk')
    expect(t.walk().lost).toEqual(['disk', 'in/ner'])
    // used for something else from now on
    writeFileSync(t.at('disk/new'), 'new')
    expect(t.walk().lost).toEqual(['in/ner'])
  })

  it('is listed, too, when in between it was there and could not be read', () => {
    const t = setUp()
    t.mounted.set('disk', 77n)
    t.walk()
    t.broken.set('disk', 'ENOTCONN')
    expect(t.walk()).toEqual({ lost: [], directories: 4, files: 3 })
    t.broken.delete('disk')
    t.unmount('disk')
    for (let again = 0; again < 2; again++) expect(t.walk().lost).toEqual(['disk'])
  })

  it('is as empty as any other once a person said that it is meant', () => {
    const t = setUp()
    t.mounted.set('disk', 77n)
    t.walk()
    t.unmount('disk')
    expect(t.walk().lost).toEqual(['disk'])
    expect(t.walk({ mayBeEmpty: true }).lost).toEqual([])
    expect(t.walk().lost).toEqual([])
  })

  it('is not a folder that somebody has emptied, mounted or not, nor one that was empty', () => {
    const t = setUp()
    t.mounted.set('disk', 77n)
    mkdirSync(t.at('void'))
    t.mounted.set('void', 79n)
    t.walk()
    for (const file of ['disk/1', 'disk/deep', 'plain/3', 'in/ner']) rmSync(t.at(file), { recursive: true })
    t.mounted.delete('void')
    expect(t.walk().lost).toEqual([])
  })

  it('is not one that was emptied while all of the disk got another number, as with a restart', () => {
    const t = setUp()
    t.walk()
    t.change('UPDATE entry SET dev = dev + 1; UPDATE root SET dev = dev + 1')
    rmSync(t.at('in/ner/4'))
    rmSync(t.at('plain/3'))
    expect(t.walk().lost).toEqual([])
  })

  it('is not told at the top of a source whose list was made by an earlier version', () => {
    const t = setUp()
    t.mounted.set('disk', 77n).set('in/ner', 78n)
    t.walk()
    t.change('DROP TABLE root')
    t.unmount('disk')
    t.unmount('in/ner')
    expect(t.walk().lost).toEqual(['in/ner'])
  })
})
