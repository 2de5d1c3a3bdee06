import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeEntry, encodeEntry } from '@dmc/core/log/node-entry'
import { afterEach, expect, it } from 'vitest'
import { tempFolder } from '../test/make-tree.ts'
import { toEntry } from './encode-nodes.ts'
import { Manifest } from './manifest.ts'
import { FolderReader, type ReadFolderOptions } from './read-folder.ts'
import { scan } from './scan.ts'

const open: { cleanUp(): void }[] = []
afterEach(() => {
  for (const { cleanUp } of open.splice(0)) cleanUp()
})

it('names that are longer than a snapshot can hold, as other file systems have them, are listed as missing', () => {
  const temp = tempFolder()
  open.push(temp)
  const root = join(temp.path, 'source')
  mkdirSync(join(root, 'folder'), { recursive: true })
  writeFileSync(join(root, 'file'), '')
  writeFileSync(join(root, 'other'), '')
  // 255 characters of three bytes each, which exFAT, NTFS and CIFS allow
  const long = (last: string) => Buffer.from('名'.repeat(254) + last)
  const real = new FolderReader()
  const folders = {
    *entries(path: Buffer) {
      for (const { name, found } of real.entries(path))
        yield { name: { file: long('前'), folder: long('後') }[String(name)] ?? name, found }
    },
  }
  const manifest = Manifest.create(join(temp.path, 'manifest'))
  const totals = scan({
    root: Buffer.from(root),
    manifest,
    prev: null,
    excluder: null,
    tick: () => {},
    folders,
  })
  expect([totals.files, totals.directories]).toEqual([1, 1])
  const entries = [...manifest.entriesOf(1)].map(toEntry)
  expect(entries.map(({ listedAs, reason }) => [listedAs, reason])).toEqual([
    [undefined, undefined],
    ...Array(2).fill(['unreadable', 'its name has 765 bytes, more than the 255 that a snapshot can hold']),
  ])
  // a reader refuses a folder with a name that is longer
  for (const entry of entries) expect(decodeEntry(encodeEntry(entry)).name).toEqual(entry.name)
  expect(new Set(entries.map(({ name }) => Buffer.from(name).toString('hex'))).size).toBe(3)
  manifest.close()
})

it('a name that the system gives twice, as some do when a folder changes meanwhile, is entered as it came last', () => {
  const temp = tempFolder()
  open.push(temp)
  const root = join(temp.path, 'source')
  mkdirSync(root)
  writeFileSync(join(root, 'file'), 'older')
  writeFileSync(join(root, 'other'), 'other')
  const real = new FolderReader()
  let twice = false
  const folders = {
    *entries(path: Buffer, options?: ReadFolderOptions) {
      const entries = [...real.entries(path, options)]
      yield* entries
      if (!twice || path.length > root.length) return
      writeFileSync(join(root, 'file'), 'newer and longer')
      rmSync(join(root, 'other'))
      mkdirSync(join(root, 'other'))
      // its marks have heard of both
      yield* real.entries(path, options)
    },
  }
  const walk = (file: string, prev: Manifest | null) => {
    const manifest = Manifest.create(join(temp.path, file))
    scan({ root: Buffer.from(root), manifest, prev, excluder: null, tick: () => {}, folders })
    const rows = manifest.sql('SELECT CAST(name AS TEXT) AS name, kind, size, todo, child FROM entry').all()
    return { manifest, rows: rows.map((row) => ({ ...row })) }
  }
  twice = true
  const first = walk('first', null)
  const now = [
    { name: 'file', kind: 0, size: 16, todo: 1, child: 0 },
    { name: 'other', kind: 1, size: 0, todo: 0, child: 2 },
  ]
  expect(first.rows).toEqual(now)
  // what is known of the folder is not two things at once
  expect(first.manifest.marksOf(1)).toBeNull()
  first.manifest.close()
  twice = false
  const prev = Manifest.openExisting(join(temp.path, 'first'))
  const second = walk('second', prev)
  // by its stat it is the file of the first scan
  expect(second.rows).toEqual([{ ...now[0], todo: 0 }, now[1]])
  second.manifest.close()
  prev?.close()
})
