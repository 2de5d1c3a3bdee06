import fs, {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { compareTrees } from './compare-trees.ts'
import { settle } from './test/make-tree.ts'
import { setUp } from './test/set-up.ts'

const { readdirSync } = fs
const CALLS = [
  'openSync',
  'lstatSync',
  'renameSync',
  'mkdirSync',
  'symlinkSync',
  'linkSync',
  'unlinkSync',
] as const
const real = { ...Object.fromEntries(CALLS.map((call) => [call, fs[call]])), readdirSync }
type Alike = (name: string) => string
const CASE: Alike = (name) => name.normalize('NFC').toLowerCase()

/**
 * From now on the file system below a folder finds a name also when it is asked for one that is alike, as those of macOS, Windows
 * and memory sticks do; it keeps a name as it was first written.
 */
function takeForOne(below: string, alike: Alike, refuses: (name: string) => boolean = () => false): void {
  const there = (path: unknown): unknown => {
    const text = Buffer.isBuffer(path) ? path.toString() : path
    if (typeof text !== 'string' || !text.startsWith(`${below}/`)) return path
    let at = below
    for (const part of text.slice(below.length + 1).split('/')) {
      if (refuses(part)) throw Object.assign(new Error(`EINVAL: ${part}`), { code: 'EINVAL' })
      const names = existsSync(at) && lstatSync(at).isDirectory() ? readdirSync(at) : []
      at = join(
        at,
        names.find((name) => name === part) ?? names.find((name) => alike(name) === alike(part)) ?? part,
      )
    }
    return Buffer.from(at)
  }
  // the first path of symlink(2) is no path of this file system
  for (const call of CALLS) {
    const system = real[call as keyof typeof real] as (...args: unknown[]) => unknown
    const paths = call === 'renameSync' || call === 'linkSync' ? [0, 1] : [call === 'symlinkSync' ? 1 : 0]
    Object.assign(fs, {
      [call]: (...args: unknown[]) => system(...args.map((arg, i) => (paths.includes(i) ? there(arg) : arg))),
    })
  }
  syncBuiltinESMExports()
}
afterEach(() => {
  Object.assign(fs, real)
  syncBuiltinESMExports()
})

const told = ({ missing }: { missing: { path: string; reason: string }[] }) =>
  missing.map(({ path, reason }) => `${path}: ${reason}`).sort()
const takes = (name: string, first: string, what = 'it') =>
  `${name}: this file system takes its name for ${first.slice(first.lastIndexOf('/') + 1)}, which is there: restore ${what} into another folder`

/** What restores go to is there already, so that its real path is known. */
async function backedUp(make: (at: (path: string) => string) => void) {
  const t = setUp()
  make((path) => join(t.root, path))
  await settle()
  await t.backUp()
  mkdirSync(t.at('out'))
  return { ...t, out: (path: string) => t.at(`out/${path}`) }
}

describe('a target that takes two names for one', () => {
  it('keeps the first file, which the second once replaced, and the second is told', async () => {
    const t = await backedUp((at) => {
      for (const folder of ['', 'folder']) {
        if (folder) mkdirSync(at(folder))
        for (const name of ['README', 'Readme', 'other', 'readme'])
          writeFileSync(at(join(folder, name)), `${name}!`)
      }
    })
    takeForOne(t.at('out'), CASE)
    const result = await t.restore('out')
    expect(told(result)).toEqual([
      takes('Readme', 'README'),
      takes('folder/Readme', 'README'),
      takes('folder/readme', 'README'),
      takes('readme', 'README'),
    ])
    expect([result.missingCount, result.files]).toEqual([4, 4])
    for (const folder of ['', 'folder/']) {
      expect(readFileSync(t.out(`${folder}README`), 'utf8')).toBe('README!')
      expect(readFileSync(t.out(`${folder}other`), 'utf8')).toBe('other!')
    }
    expect(readdirSync(t.at('out')).sort()).toEqual(['README', 'folder', 'other'])
  })

  it.each(['always', 'never', 'newer'] as const)(
    'says the same when it is restored again, with --overwrite %s',
    async (overwrite) => {
      const t = await backedUp((at) => {
        writeFileSync(at('A'), 'first')
        writeFileSync(at('a'), 'the second, which is longer')
      })
      takeForOne(t.at('out'), CASE)
      for (let i = 0; i < 2; i++) {
        expect(told(await t.restore('out', undefined, { overwrite }))).toEqual([takes('a', 'A')])
        expect(readFileSync(t.out('A'), 'utf8')).toBe('first')
      }
    },
  )

  it('does not mix two folders, nor give a hard link the content of another file', async () => {
    const t = await backedUp((at) => {
      for (const folder of ['Photos', 'photos', 'photos/deep']) mkdirSync(at(folder))
      writeFileSync(at('Photos/1'), 'one of the first')
      writeFileSync(at('photos/1'), 'one of the others')
      writeFileSync(at('photos/2'), 'two')
      writeFileSync(at('photos/deep/3'), 'three')
      mkdirSync(at('z'))
      linkSync(at('photos/1'), at('z/linked'))
      linkSync(at('photos/1'), at('z/linked again'))
      linkSync(at('photos/deep/3'), at('z/deep'))
      linkSync(at('photos/2'), at('photos/two'))
    })
    takeForOne(t.at('out'), CASE)
    const result = await t.restore('out')
    expect(told(result)).toEqual([takes('photos', 'Photos', 'it, and all that is in it,')])
    expect(readdirSync(t.out('Photos'))).toEqual(['1'])
    expect(readFileSync(t.out('Photos/1'), 'utf8')).toBe('one of the first')
    expect(readFileSync(t.out('z/linked'), 'utf8')).toBe('one of the others')
    expect(lstatSync(t.out('z/linked again')).ino).toBe(lstatSync(t.out('z/linked')).ino)
    expect(readFileSync(t.out('z/deep'), 'utf8')).toBe('three')
  })

  it.each([
    ['a file before a link', 'B', 'b'],
    ['a link before a file', 'b', 'B'],
  ])('keeps a file beside a hard link that would replace it: %s', async (_what, file, link) => {
    const t = await backedUp((at) => {
      mkdirSync(at('z'))
      writeFileSync(at('linked'), 'linked')
      writeFileSync(at(`z/${file}`), 'file')
      linkSync(at('linked'), at(`z/${link}`))
    })
    takeForOne(t.at('out'), CASE)
    expect(told(await t.restore('out'))).toEqual([takes(`z/${link}`, file)])
    expect(readdirSync(t.out('z'))).toEqual([file])
    expect(readFileSync(t.out(`z/${file}`), 'utf8')).toBe('file')
  })

  it('keeps one of two symlinks, and one of two ways to write é', async () => {
    const [short, long] = ['caf\u00e9', 'cafe\u0301']
    const t = await backedUp((at) => {
      symlinkSync('one', at('LINK'))
      symlinkSync('another', at('link'))
      writeFileSync(at(long), 'long')
      writeFileSync(at(short), 'short')
    })
    takeForOne(t.at('out'), CASE)
    const result = await t.restore('out')
    expect(told(result)).toEqual([takes(short, long), takes('link', 'LINK')].sort())
    expect(readlinkSync(t.out('LINK'))).toBe('one')
    expect(readdirSync(t.at('out')).sort()).toEqual(['LINK', long])
  })

  it('is known for one also when it has plain letters only', async () => {
    const t = await backedUp((at) => {
      writeFileSync(at('A'), 'first')
      writeFileSync(at('a'), 'second')
    })
    takeForOne(t.at('out'), CASE, (name) => /[^ -~]/.test(name))
    expect(told(await t.restore('out'))).toEqual([takes('a', 'A')])
    expect(readdirSync(t.at('out'))).toEqual(['A'])
  })

  it('keeps both where it tells apart what another one does not', async () => {
    const t = await backedUp((at) => {
      for (const name of ['stra\u00dfe', 'strasse', '\ufb01le', 'file', 'end', 'end.'])
        writeFileSync(at(name), name)
    })
    takeForOne(t.at('out'), CASE)
    const result = await t.restore('out')
    expect([told(result), result.files]).toEqual([[], 6])
    expect((await compareTrees(t.root, t.at('out'))).differences).toEqual([])
  })
})

it('where names are told apart everything comes back, and nobody asks of each folder', async () => {
  const t = await backedUp((at) => {
    for (const folder of ['A', 'a', 'a/b', 'a/B']) mkdirSync(at(folder))
    for (const name of ['README', 'Readme', 'a/B/x', 'a/B/X']) writeFileSync(at(name), name)
  })
  let probes = 0
  takeForOne(t.at('out'), (name) => {
    if (name.startsWith('.dmc-') && name.endsWith('-\u00e9')) probes++
    return name
  })
  const result = await t.restore('out')
  expect([told(result), result.files]).toEqual([[], 4])
  expect((await compareTrees(t.root, t.at('out'))).differences).toEqual([])
  expect(probes).toBeGreaterThan(0)
  expect(probes).toBeLessThan(20)
})
