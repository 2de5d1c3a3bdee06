import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { forceHasherTier } from '@dmc/core/merkle/hasher-tier'
import { afterEach, describe, expect, it } from 'vitest'
import { makeTree, tempFolder } from '../test/make-tree.ts'
import { type EntryStat, FolderReader, loadReadFolder, type ReadFolder } from './read-folder.ts'

const native = loadReadFolder()
const WAYS: [string, ReadFolder | null][] = [['without the accelerator', null]]
if (native) WAYS.push(['with the accelerator', native])

const open: { cleanUp(): void }[] = []
afterEach(() => {
  for (const { cleanUp } of open.splice(0)) cleanUp()
})
function temp(): string {
  const made = tempFolder()
  open.push(made)
  return made.path
}

const plain = ({ mode, size, mtimeNs, ctimeNs, ino, dev, nlink, blocks, uid, gid }: EntryStat) => ({
  ...{ mode, size, mtimeNs, ctimeNs, ino, dev, nlink, blocks, uid, gid },
})
/** How many descriptors of this process are of that folder. */
function descriptors(folder: string): number {
  let count = 0
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      if (readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder)) count++
    } catch {
      // closed meanwhile
    }
  }
  return count
}

it('is read by the accelerator where there is one, and not where nothing native is wanted', () => {
  if (`${process.platform}-${process.arch}` === 'linux-x64') expect(native).not.toBeNull()
  forceHasherTier('portable')
  expect(loadReadFolder()).toBeNull()
  forceHasherTier(null)
})

describe.each(WAYS)('a folder, %s', (_, way) => {
  const read = (path: string) => [...new FolderReader(way).entries(Buffer.from(path))]

  it('is all its names, each with what lstat says', () => {
    const root = temp()
    makeTree(root)
    const folders = ['', 'docs', 'docs/deep', 'many', 'odd names', 'empty-folder'].map((name) =>
      join(root, name),
    )
    for (const folder of folders) {
      const names = readdirSync(folder, { encoding: 'buffer' }).map((name) => name.toString('latin1'))
      const entries = read(folder)
      expect(entries.map(({ name }) => name.toString('latin1')).sort()).toEqual(names.sort())
      for (const { name, found } of entries) {
        const path = Buffer.concat([Buffer.from(`${folder}/`), name])
        if (typeof found === 'string') throw new Error(found)
        expect(plain(found)).toEqual(plain(lstatSync(path, { bigint: true })))
      }
    }
  })

  it('may be of any size', () => {
    const root = temp()
    const names = Array.from({ length: 4000 }, (_, i) => `${'a long name '.repeat(15)}${i}`)
    for (const name of names) writeFileSync(join(root, name), '')
    // more than is read at once
    expect(lstatSync(root).size).toBeGreaterThan(64 * 1024)
    expect(
      read(root)
        .map(({ name }) => String(name))
        .sort(),
    ).toEqual(names.sort())
  })

  it('of which one lets go in the middle leaves nothing open', () => {
    const root = temp()
    for (let i = 0; i < 2000; i++) writeFileSync(join(root, `${'n'.repeat(200)}${i}`), '')
    for (const _ of new FolderReader(way).entries(Buffer.from(root))) break
    expect(() => {
      for (const _ of new FolderReader(way).entries(Buffer.from(root))) throw new Error('enough')
    }).toThrow('enough')
    expect(descriptors(root)).toBe(0)
  })

  it('names that vanish while it is read are left out, or come as they were; nothing else is missing', () => {
    const root = temp()
    for (let i = 0; i < 3000; i++) writeFileSync(join(root, `${'n'.repeat(100)}${i}`), '')
    const seen = new Set<string>()
    for (const { name } of new FolderReader(way).entries(Buffer.from(root))) {
      if (seen.size === 0)
        for (const other of readdirSync(root))
          if (other.endsWith('7') && other !== String(name)) unlinkSync(join(root, other))
      seen.add(String(name))
    }
    for (const name of readdirSync(root)) expect(seen.has(name)).toBe(true)
  })

  it('that is a symlink is not followed, and one that is not there says so', () => {
    const root = temp()
    mkdirSync(join(root, 'real'))
    writeFileSync(join(root, 'real/secret'), '')
    symlinkSync('real', join(root, 'link'))
    expect(() => read(join(root, 'link'))).toThrow('replaced while it was read')
    expect(() => read(join(root, 'none'))).toThrow(/ENOENT/)
    expect(() => read(join(root, 'real/secret'))).toThrow(/ENOTDIR/)
    expect(readlinkSync(join(root, 'link'))).toBe('real')
  })
})

describe('with the accelerator', () => {
  it('one that is moved away and replaced while it is read is still the one that was opened', () => {
    if (!native) return
    const root = temp()
    mkdirSync(join(root, 'one'))
    for (let i = 0; i < 1000; i++) writeFileSync(join(root, 'one', `old-${'n'.repeat(100)}-${i}`), '')
    let count = 0
    for (const { name, found } of new FolderReader(native).entries(Buffer.from(join(root, 'one')))) {
      if (count++ === 0) {
        renameSync(join(root, 'one'), join(root, 'two'))
        mkdirSync(join(root, 'one'))
        writeFileSync(join(root, 'one/new'), '')
      }
      expect([String(name).startsWith('old-'), typeof found]).toEqual([true, 'object'])
    }
    expect(count).toBe(1000)
  })

  it('a name without a stat is asked for again, and told in the system’s words', () => {
    const root = temp()
    writeFileSync(join(root, 'there'), '12345')
    const names = ['there', 'gone', 'x'.repeat(300)].map((name) => Buffer.from(name))
    let at = 0
    // as if the kernel had said EACCES of each
    const failing: ReadFolder = (_fd, out) => {
      if (at > 0) return 0
      for (const name of names) {
        const words = 11 + Math.ceil(name.length / 8)
        out[at] = BigInt(words) | (BigInt(name.length) << 16n) | (13n << 32n)
        Buffer.from(out.buffer).set(name, (at + 11) * 8)
        at += words
      }
      return at
    }
    const entries = [...new FolderReader(failing).entries(Buffer.from(root))]
    expect(entries.map(({ name }) => name.length)).toEqual([5, 300])
    expect((entries[0]?.found as EntryStat | undefined)?.size).toBe(5n)
    expect(entries[1]?.found).toBe('ENAMETOOLONG: name too long (lstat)')
  })

  it('that can’t be read to its end is an error, and is closed', () => {
    const root = temp()
    writeFileSync(join(root, 'there'), '')
    const broken = new FolderReader(() => -5)
    expect(() => [...broken.entries(Buffer.from(root))]).toThrow('EIO')
    expect(descriptors(root)).toBe(0)
    rmSync(root, { recursive: true })
    expect(() => [...broken.entries(Buffer.from(root))]).toThrow('ENOENT')
  })
})
