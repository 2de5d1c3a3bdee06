import fs, {
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { compareTrees } from './compare-trees.ts'
import { settle } from './test/make-tree.ts'
import { failure, setUp } from './test/set-up.ts'

const isRoot = process.getuid?.() === 0
const { fchmodSync, fchownSync, futimesSync, lchownSync, lutimesSync } = fs
const real = { fchmodSync, fchownSync, futimesSync, lchownSync, lutimesSync, linkSync, symlinkSync }
type Call = keyof typeof real

/** From now on the system refuses these calls, as FAT, a share or a container does. */
function refuse(code: string, calls: readonly Call[]): void {
  for (const call of calls) {
    fs[call] = () => {
      throw Object.assign(new Error(`${code}: refused, ${call}`), {
        code,
        syscall: call.replace(/Sync$/, ''),
      })
    }
  }
  syncBuiltinESMExports()
}
afterEach(() => {
  Object.assign(fs, real)
  syncBuiltinESMExports()
})

async function backedUp() {
  const t = setUp()
  mkdirSync(join(t.root, 'folder'))
  mkdirSync(join(t.root, 'a folder without links'))
  writeFileSync(join(t.root, 'file'), 'content')
  writeFileSync(join(t.root, 'suid'), '#!', { mode: 0o755 })
  fs.chmodSync(join(t.root, 'suid'), 0o6755)
  linkSync(join(t.root, 'file'), join(t.root, 'folder/again'))
  symlinkSync('file', join(t.root, 'link'))
  utimesSync(join(t.root, 'file'), 1000, 1000)
  await settle()
  await t.backUp()
  return t
}

describe('a target that can’t take everything gets what it can, and the rest is told', () => {
  it('owners: once nothing at all was restored', async () => {
    const t = await backedUp()
    refuse('EPERM', ['fchownSync', 'lchownSync'])
    const result = await t.restore('out')
    expect([result.missing, result.files]).toEqual([[], 2])
    const { differences } = await compareTrees(t.root, t.at('out'))
    if (!isRoot) return expect([differences, result.unset]).toEqual([[], []])
    const paths = result.unset.map(({ path, reason }) => `${path}: ${reason}`).sort()
    const all = ['', 'a folder without links', 'file', 'folder', 'link', 'suid']
    expect(paths).toEqual(all.map((path) => `${path}: not set here: owner (EPERM)`))
    expect(result.unsetCount).toBe(6)
    // nobody's program may become root's
    expect(lstatSync(t.at('out/suid')).mode & 0o7777).toBe(0o755)
    expect(differences.map(({ path }) => path)).toEqual(['suid'])
  })

  it('modes and times', async () => {
    const t = await backedUp()
    refuse('EPERM', ['fchmodSync'])
    refuse('EINVAL', ['futimesSync'])
    const result = await t.restore('out')
    expect(result.missing).toEqual([])
    expect(result.unset).toContainEqual({
      path: 'file',
      reason: 'not set here: mode (EPERM), time (EINVAL)',
    })
    expect(readFileSync(t.at('out/file'), 'utf8')).toBe('content')
  })

  it('symlinks are told as missing, and a second name becomes a file of its own', async () => {
    const t = await backedUp()
    refuse('EPERM', ['linkSync', 'symlinkSync'])
    const result = await t.restore('out')
    expect(result.missing).toEqual([{ path: 'link', reason: 'no symlink can be made there (EPERM)' }])
    expect(result.unset).toEqual([
      {
        path: 'folder/again',
        reason: 'a file of its own: no hard link can be made there',
      },
    ])
    expect(readFileSync(t.at('out/folder/again'), 'utf8')).toBe('content')
    expect(lstatSync(t.at('out/folder/again')).mtimeMs).toBe(1_000_000)
    expect(lstatSync(t.at('out/folder/again')).ino).not.toBe(lstatSync(t.at('out/file')).ino)
    expect(
      [...fs.readdirSync(t.at('out')), ...fs.readdirSync(t.at('out/folder'))].filter((name) =>
        name.startsWith('.dmc'),
      ),
    ).toEqual([])
  })

  it('but a disk that fails is an error', async () => {
    const t = await backedUp()
    refuse('EIO', ['futimesSync'])
    const { missing, unset, files } = await t.restore('out')
    expect([missing.map(({ reason }) => reason), unset, files]).toEqual([
      expect.arrayContaining(['EIO (futimes)']),
      [],
      0,
    ])
    refuse('ENOSPC', ['futimesSync'])
    expect(await failure(t.restore('again'))).toMatchObject({ code: 'DISK_FULL' })
  })
})

describe('one name that can’t be written does not end the restore', () => {
  const { renameSync, mkdirSync: makeFolder } = fs
  afterEach(() => {
    Object.assign(fs, { renameSync, mkdirSync: makeFolder })
    syncBuiltinESMExports()
  })
  /** The system refuses to give this name to anything. */
  function refuseName(code: string, name: string): void {
    const check = (path: unknown, syscall: string) => {
      if (String(path).endsWith(`/${name}`))
        throw Object.assign(new Error(`${code}: ${name}`), { code, syscall, path })
    }
    Object.assign(fs, {
      renameSync: (from: string, to: string) => {
        check(to, 'rename')
        renameSync(from, to)
      },
      mkdirSync: (path: string, options: object) => {
        check(path, 'mkdir')
        return makeFolder(path, options)
      },
    })
    syncBuiltinESMExports()
  }

  it.each([
    ['EPERM', 'file', 'EPERM (rename)', 'an immutable file is in its place; once nothing came back'],
    ['EACCES', 'folder', 'EACCES (mkdir)', 'somebody else’s folder'],
    [
      'EINVAL',
      'suid',
      'this file system can’t hold such a name: EINVAL (rename)',
      'a character that FAT has not',
    ],
    ['ENOENT', 'folder', 'this file system can’t hold such a name: ENOENT (mkdir)', 'the same, elsewhere'],
    ['EILSEQ', 'link', 'this file system can’t hold such a name: EILSEQ (rename)', 'no such letters'],
  ])('%s of %s: %s (%s)', async (code, name, reason) => {
    const t = await backedUp()
    refuseName(code, name)
    const result = await t.restore('out')
    expect(result.missing).toContainEqual({ path: name, reason })
    const lost = ['file', 'folder'].includes(name) ? [name, 'folder/again'] : [name]
    const { differences } = await compareTrees(t.root, t.at('out'))
    for (const { path } of differences) expect(lost).toContain(path)
    expect(differences.map(({ path }) => path)).toContain(name)
  })

  it.each([
    ['ENOSPC', 'DISK_FULL'],
    ['EROFS', 'TARGET_UNWRITABLE'],
  ])('%s is not about one name: it ends with %s', async (code, told) => {
    const t = await backedUp()
    refuseName(code, 'file')
    expect((await failure(t.restore('out'))).code).toBe(told)
  })
})
