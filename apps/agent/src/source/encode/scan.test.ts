import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeEntry, encodeEntry } from '@dmc/core/log/node-entry'
import { afterEach, expect, it } from 'vitest'
import { tempFolder } from '../test/make-tree.ts'
import { toEntry } from './encode-nodes.ts'
import { Manifest } from './manifest.ts'
import { FolderReader } from './read-folder.ts'
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
