import {
  chmodSync,
  cpSync,
  linkSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { compareTrees } from './compare-trees.ts'
import { tempFolder } from './test/make-tree.ts'

let temp: ReturnType<typeof tempFolder>
let left: string
let right: string

beforeEach(() => {
  temp = tempFolder()
  left = join(temp.path, 'left')
  right = join(temp.path, 'right')
  mkdirSync(join(left, 'folder'), { recursive: true })
  writeFileSync(join(left, 'folder/file'), 'x'.repeat(3_000_000))
  writeFileSync(join(left, 'a'), 'a')
  linkSync(join(left, 'a'), join(left, 'b'))
  symlinkSync('a', join(left, 'link'))
  cpSync(left, right, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true })
  rmSync(join(right, 'b'))
  linkSync(join(right, 'a'), join(right, 'b'))
  for (const name of ['link', 'folder', '.']) even(name)
})
afterEach(() => temp.cleanUp())

/** The same time on both sides, after a change. */
function even(name: string): void {
  if (name === 'link') {
    rmSync(join(left, name))
    rmSync(join(right, name))
    symlinkSync('a', join(left, name))
    symlinkSync('a', join(right, name))
    return
  }
  for (const side of [left, right]) utimesSync(join(side, name), 1000, 1000)
}

/** Something else under the same name on the right. */
function instead(name: string, make: (path: string) => void): void {
  rmSync(join(right, name))
  make(join(right, name))
}

const differences = async () =>
  (await compareTrees(left, right)).differences.map(({ path, difference }) => `${path}: ${difference}`)

describe('comparing trees', () => {
  it('finds equal trees equal but for the times of what was just made', async () => {
    const found = await compareTrees(left, right)
    expect(found.differences.filter(({ path }) => path !== 'link')).toEqual([])
    expect(found).toMatchObject({ files: 3, directories: 2, links: 1, bytes: 3_000_002 })
  })

  const changes: [string, () => void, RegExp][] = [
    [
      'a byte',
      () => writeFileSync(join(right, 'folder/file'), `${'x'.repeat(2_999_999)}y`),
      /^folder\/file: content differs between byte 2097152/,
    ],
    ['a length', () => writeFileSync(join(right, 'folder/file'), 'x'), /^folder\/file: 3000000 and 1 bytes/],
    ['a mode', () => chmodSync(join(right, 'folder/file'), 0o600), /^folder\/file: mode 0644 and 0600/],
    ['a time', () => utimesSync(join(right, 'a'), 5, 5), /^a: mtime \d+ and 5000000000 ns/],
    ['a missing file', () => rmSync(join(right, 'folder/file')), /^folder\/file: only on the left/],
    ['an extra file', () => writeFileSync(join(right, 'extra'), ''), /^extra: only on the right/],
    [
      'another kind',
      () => instead('b', (path) => mkdirSync(path)),
      /^b: file on the left, directory on the right/,
    ],
    [
      'a link target',
      () => instead('link', (path) => symlinkSync('b', path)),
      /^link: symlinks to different targets/,
    ],
    [
      'a hard link that became a copy',
      () => instead('b', (path) => cpSync(join(right, 'a'), path, { preserveTimestamps: true })),
      /^b: hard link to a and to b/,
    ],
  ]
  for (const [what, change, expected] of changes) {
    it(`finds ${what}`, async () => {
      change()
      expect((await differences()).filter((line) => expected.test(line))).toHaveLength(1)
    })
  }

  it('leaves out what it is told to', async () => {
    rmSync(join(right, 'folder/file'))
    even('folder')
    const { differences: left_ } = await compareTrees(left, right, {
      except: new Set(['folder/file', 'link']),
    })
    expect(left_).toEqual([])
  })
})
