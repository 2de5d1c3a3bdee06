import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { NodeEntry } from '@dmc/core/log/node-entry'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { listSnapshot, openSnapshot } from './list-snapshot.ts'
import { openCatalog } from './open-catalog.ts'
import { restoreSnapshot } from './restore-snapshot.ts'
import { CraftedLog } from './test/craft-log.ts'
import { tempFolder } from './test/make-tree.ts'
import type { RestoreResult } from './types.ts'

let temp: ReturnType<typeof tempFolder>
let outside: string
let target: string

beforeEach(() => {
  temp = tempFolder()
  outside = join(temp.path, 'outside')
  target = join(temp.path, 'a/b/target')
  mkdirSync(outside)
  writeFileSync(join(outside, 'secret'), 'secret')
})
afterEach(() => temp.cleanUp())

async function restore(log: CraftedLog, root: NodeEntry, most?: number): Promise<RestoreResult> {
  const head = log.finish(root, most)
  const opened = await openCatalog({ reader: log, heads: [head], keys: log.keys })
  return restoreSnapshot({ snapshot: await openSnapshot({ opened, reader: log }), target })
}

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work
    return 'accepted'
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}

/** Everything outside of the target is as before. */
function expectUntouched(): void {
  expect(readdirSync(outside)).toEqual(['secret'])
  expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe('secret')
  expect(lstatSync(join(outside, 'secret')).nlink).toBe(1)
  for (const folder of ['a', 'a/b']) expect(readdirSync(join(temp.path, folder))).toHaveLength(1)
  expect(readdirSync(temp.path).sort()).toEqual(['a', 'outside'])
}

describe('a snapshot with hostile names', () => {
  const names = ['..', '.', '', '/', '../evil', 'x/y', '/etc/evil', 'a\0b', 'x'.repeat(256), './z', '..\0']
  for (const name of names) {
    it(`a file named ${JSON.stringify(name).slice(0, 20)} writes nothing anywhere`, async () => {
      for (const make of ['file', 'directory', 'symlink'] as const) {
        const log = new CraftedLog()
        const evil =
          make === 'file'
            ? log.file(name)
            : make === 'directory'
              ? log.directory(name, [log.file('inner')])
              : log.symlink(name, 'anything')
        expect(await codeOf(restore(log, log.directory('', [evil]))), make).toBe('UNSAFE_PATH')
        expect(readdirSync(target).filter((entry) => !entry.startsWith('.dmc-restore'))).toEqual([])
        expectUntouched()
      }
    })
  }

  it('a listing refuses them as well', async () => {
    const log = new CraftedLog()
    const head = log.finish(log.directory('', [log.file('..')]))
    const opened = await openCatalog({ reader: log, heads: [head], keys: log.keys })
    const snapshot = await openSnapshot({ opened, reader: log })
    const list = async () => {
      for await (const _ of listSnapshot(snapshot)) expect.unreachable()
    }
    expect(await codeOf(list())).toBe('UNSAFE_PATH')
  })

  it('a root that is a symlink or a named parent is refused', async () => {
    for (const name of ['..', 'a/b', '/x']) {
      const log = new CraftedLog()
      expect(await codeOf(restore(log, log.file(name)))).toBe('UNSAFE_PATH')
    }
    expect(existsSync(target)).toBe(false)
  })
})

describe('a snapshot with hostile links', () => {
  it('a name that is a symlink and a folder at once is refused', async () => {
    for (const order of [0, 1]) {
      const log = new CraftedLog()
      const pair = [log.symlink('x', outside), log.directory('x', [log.file('inner')])]
      if (order === 1) pair.reverse()
      const result = await restore(log, log.directory('', pair)).catch((error) => error)
      expect(result.code).toBe('LOG_CORRUPT')
      expectUntouched()
    }
  })

  it('names out of order are refused: a second symlink can not hide behind another name', async () => {
    const log = new CraftedLog()
    const root = log.directory('', [
      log.symlink('x', outside),
      log.file('a'),
      log.directory('x', [log.file('inner')]),
    ])
    expect(await codeOf(restore(log, root))).toBe('LOG_CORRUPT')
    expectUntouched()
  })

  it('a hard link through a symlink, or out of the target, links nothing', async () => {
    const log = new CraftedLog()
    const root = log.directory('', [
      log.symlink('out', outside),
      log.hardlink('stolen', 'out/secret'),
      log.hardlink('stolen2', 'out'),
      log.hardlink('stolen3', 'not/there'),
    ])
    const result = await restore(log, root)
    expect(result.missing.map(({ path }) => path)).toEqual(['stolen', 'stolen2', 'stolen3'])
    expect(existsSync(join(target, 'stolen'))).toBe(false)
    expectUntouched()
    for (const path of ['../../../outside/secret', '/etc/passwd', 'a//b', 'a/../b', '']) {
      const other = new CraftedLog()
      const link = other.directory('', [other.hardlink('stolen', path)])
      expect(await codeOf(restore(other, link)), path).toMatch(/UNSAFE_PATH|TARGET_NOT_EMPTY/)
    }
    expectUntouched()
  })

  it('a symlink that points out is restored as it is, and nothing goes through it', async () => {
    const log = new CraftedLog()
    const result = await restore(log, log.directory('', [log.symlink('a', outside), log.file('b')]))
    expect(result).toMatchObject({ links: 1, files: 1, missingCount: 0 })
    expectUntouched()
  })
})

describe('a snapshot that lies about sizes', () => {
  it('content longer or shorter than the size leaves no file', async () => {
    for (const size of [0, 3, 6, 8, 1000]) {
      const log = new CraftedLog()
      const root = log.directory('', [log.file('bad', 'content', { size }), log.file('good')])
      const to = target
      target = join(to, String(size))
      const result = await restore(log, root)
      expect(
        result.missing.map(({ path }) => path),
        `size ${size}`,
      ).toEqual(['bad'])
      expect(readdirSync(target)).toEqual(['good'])
      target = to
    }
  })

  it('holes of terabytes cost nothing on disk', async () => {
    const log = new CraftedLog()
    const size = 8 * 1024 ** 4
    const root = log.directory('', [log.file('huge', 'content', { size, holes: [7, size - 7] })])
    const result = await restore(log, root)
    expect(result.files).toBe(1)
    const stat = lstatSync(join(target, 'huge'))
    expect(stat.size).toBe(size)
    expect(stat.blocks * 512).toBeLessThan(100_000)
  })

  it('more entries than the record admits end the restore', async () => {
    const log = new CraftedLog()
    // folders of folders of folders: 2^12 of them out of 13 blobs
    let folder = log.directory('bottom', [log.file('f')])
    for (let i = 0; i < 12; i++)
      folder = log.directory('d', [
        { ...folder, name: Buffer.from('a') },
        { ...folder, name: Buffer.from('b') },
      ])
    expect(await codeOf(restore(log, { ...folder, name: new Uint8Array(0) }, 50))).toBe('LOG_CORRUPT')
    expect(readdirSync(target, { recursive: true }).length).toBeLessThan(60)
  })

  it('a slice past its blob, a blob of another volume: reported, not written', async () => {
    const log = new CraftedLog()
    const file = log.file('past')
    for (const slice of file.content.run) slice.length = 5000
    const foreign = log.file('volume')
    for (const slice of foreign.content.run) slice.volumeId = new Uint8Array(16).fill(9)
    const result = await restore(log, log.directory('', [file, { ...foreign, name: Buffer.from('volume') }]))
    expect(result.missing).toHaveLength(2)
  })
})

describe('a target with traps in it', () => {
  it('a marker that is a symlink is not written through', async () => {
    mkdirSync(target, { recursive: true })
    const log = new CraftedLog()
    symlinkSync(join(outside, 'new'), join(target, `.dmc-restore-${'01'.repeat(16)}-all`))
    await restore(log, log.directory('', [log.file('a')]))
    expectUntouched()
  })

  it('a hard link in the target to a file outside is replaced, not written to', async () => {
    mkdirSync(target, { recursive: true })
    linkSync(join(outside, 'secret'), join(target, 'a'))
    const log = new CraftedLog()
    const head = log.finish(log.directory('', [log.file('a')]))
    const opened = await openCatalog({ reader: log, heads: [head], keys: log.keys })
    const snapshot = await openSnapshot({ opened, reader: log })
    await restoreSnapshot({ snapshot, target, overwrite: 'always' })
    expect(readFileSync(join(target, 'a'), 'utf8')).toBe('content')
    expectUntouched()
  })
})
