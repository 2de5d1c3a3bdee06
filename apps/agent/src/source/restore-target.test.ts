import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join, relative } from 'node:path'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { ENTRY_KIND } from '@dmc/core/log/node-entry'
import { describe, expect, it } from 'vitest'
import { compareTrees } from './compare-trees.ts'
import { listSnapshot, openSnapshot } from './list-snapshot.ts'
import { assertComplete, restoreSnapshot } from './restore-snapshot.ts'
import { makeTree, noise } from './test/make-tree.ts'
import { collect, failure, MIB, setUp } from './test/set-up.ts'

describe('restoring a part', () => {
  it('one folder, one file, a hard link whose first name is elsewhere', async () => {
    const t = setUp()
    makeTree(t.root)
    await t.backUp()
    const part = (to: string, path: string) => t.restore(to, undefined, { path: Buffer.from(path) })
    await part('folder', 'docs/deep')
    expect((await compareTrees(join(t.root, 'docs/deep'), t.at('folder'))).differences).toEqual([])
    t.miner.bytesRead = 0
    await part('file', 'many/file-200')
    expect((await compareTrees(join(t.root, 'many/file-200'), t.at('file/file-200'))).count).toBe(0)
    expect(t.miner.bytesRead).toBeLessThan(3 * MIB)
    await part('link', 'many/same-as-noise')
    expect(readFileSync(t.at('link/same-as-noise')).equals(noise(5_000_000, 2))).toBe(true)
    await part('many', 'many')
    expect(readFileSync(t.at('many/same-as-noise')).equals(noise(5_000_000, 2))).toBe(true)
    await part('symlink', 'docs/dangling')
    expect(lstatSync(t.at('symlink/dangling')).isSymbolicLink()).toBe(true)
    expect((await failure(part('none', 'docs/nothing'))).code).toBe('PATH_NOT_FOUND')
    expect((await failure(part('none', 'hello.txt/x'))).code).toBe('PATH_NOT_FOUND')
    expect((await failure(part('none', '../etc'))).code).toBe('UNSAFE_PATH')
    expect((await failure(t.restore('none', 'ffffff'))).code).toBe('SNAPSHOT_NOT_FOUND')
  })

  it('a listing gives names, kinds and sizes, one level or all', async () => {
    const t = setUp()
    makeTree(t.root)
    const { snapshot: stored } = await t.backUp()
    const { snapshot } = await t.openLog()
    const top = await collect(listSnapshot(snapshot))
    expect(top.map(({ path }) => path.toString())).toEqual(readdirSync(t.root).sort())
    const all = await collect(listSnapshot(snapshot, { recursive: true }))
    expect(all.filter(({ entry }) => entry.kind === ENTRY_KIND.file)).toHaveLength(stored.files)
    expect(all.map(({ path }) => path.toString())).toContain('docs/deep/zeros')
    const docs = await collect(listSnapshot(snapshot, { path: Buffer.from('docs') }))
    expect(docs.map(({ path }) => path.toString())).toContain('docs/text.log')
  })
})

describe('restoring where something is already', () => {
  it('a target with other things in it is refused, and stays as it is', async () => {
    const t = setUp()
    writeFileSync(join(t.root, 'a'), 'mine')
    await t.backUp()
    mkdirSync(t.at('out'))
    writeFileSync(t.at('out/precious'), 'do not touch')
    expect((await failure(t.restore('out'))).code).toBe('TARGET_NOT_EMPTY')
    expect(readdirSync(t.at('out'))).toEqual(['precious'])
    writeFileSync(t.at('plain-file'), '')
    expect((await failure(t.restore('plain-file'))).code).toBe('TARGET_UNWRITABLE')
    // Node's own mkdir would hold up the whole agent for ever
    if (process.platform === 'linux')
      expect((await failure(t.restore(relative(t.at('.'), '/proc/dmc-nothing/x')))).code).toBe(
        'TARGET_UNWRITABLE',
      )
  })

  it('the policy decides for each file', async () => {
    const t = setUp()
    for (const name of ['older', 'newer', 'missing']) writeFileSync(join(t.root, name), `snapshot ${name}`)
    await t.backUp()
    const now = Date.now() / 1000
    const fill = (to: string) => {
      mkdirSync(t.at(to))
      writeFileSync(t.at(`${to}/older`), 'target')
      utimesSync(t.at(`${to}/older`), 1000, 1000)
      writeFileSync(t.at(`${to}/newer`), 'target')
      utimesSync(t.at(`${to}/newer`), now + 1000, now + 1000)
      writeFileSync(t.at(`${to}/extra`), 'extra')
    }
    const read = (to: string) =>
      ['older', 'newer', 'missing', 'extra'].map((name) => readFileSync(t.at(`${to}/${name}`), 'utf8'))
    fill('never')
    await t.restore('never', undefined, { overwrite: 'never' })
    expect(read('never')).toEqual(['target', 'target', 'snapshot missing', 'extra'])
    fill('newer')
    await t.restore('newer', undefined, { overwrite: 'newer' })
    expect(read('newer')).toEqual(['snapshot older', 'target', 'snapshot missing', 'extra'])
    fill('always')
    await t.restore('always', undefined, { overwrite: 'always' })
    expect(read('always')).toEqual(['snapshot older', 'snapshot newer', 'snapshot missing', 'extra'])
  })

  it('symlinks in the target are never written through', async () => {
    const t = setUp()
    mkdirSync(join(t.root, 'folder'))
    writeFileSync(join(t.root, 'folder/inside'), 'snapshot')
    writeFileSync(join(t.root, 'file'), 'snapshot')
    await t.backUp()
    const fill = (to: string) => {
      mkdirSync(t.at(to))
      mkdirSync(t.at(`${to}-outside`))
      writeFileSync(t.at(`${to}-outside/file`), 'outside')
      symlinkSync(t.at(`${to}-outside`), t.at(`${to}/folder`))
      symlinkSync(t.at(`${to}-outside/file`), t.at(`${to}/file`))
    }
    fill('always')
    await t.restore('always', undefined, { overwrite: 'always' })
    expect(readdirSync(t.at('always-outside'))).toEqual(['file'])
    expect(readFileSync(t.at('always-outside/file'), 'utf8')).toBe('outside')
    expect(readFileSync(t.at('always/folder/inside'), 'utf8')).toBe('snapshot')
    expect(lstatSync(t.at('always/file')).isFile()).toBe(true)
    fill('never')
    const kept = await t.restore('never', undefined, { overwrite: 'never' })
    expect(readdirSync(t.at('never-outside'))).toEqual(['file'])
    expect(kept.missing.map(({ path }) => path)).toEqual(['folder'])
    expect(() => assertComplete(kept)).toThrow(expect.objectContaining({ code: 'RESTORE_PARTIAL' }))
  })

  for (const [where, count] of [
    ['in this thread', 40],
    ['in its worker', 80],
  ] as const) {
    it(`stopped ${where}, a restore goes on: complete files are not read again`, async () => {
      const t = setUp()
      for (let i = 0; i < count; i++) writeFileSync(join(t.root, `file ${i}`), noise(600_000, i))
      const { commitment } = await t.backUp()
      const stop = new AbortController()
      const { opened } = await t.openLog()
      const slow = {
        async read(id: string, offset: number, length: number) {
          if (t.miner.bytesRead > Number(commitment.size) / 2) stop.abort()
          return t.miner.read(id, offset, length)
        },
      }
      const snapshot = await openSnapshot({ opened, reader: slow })
      t.miner.bytesRead = 0
      const error = await failure(restoreSnapshot({ snapshot, target: t.at('out'), signal: stop.signal }))
      expect(error.code).toBe('INTERRUPTED')
      const there = readdirSync(t.at('out')).filter((name) => name.startsWith('file')).length
      expect(there).toBeGreaterThan(count / 5)
      t.miner.bytesRead = 0
      const done = await t.restore('out')
      expect(done).toMatchObject({ skipped: there, files: count - there, missingCount: 0 })
      expect(t.miner.bytesRead).toBeLessThan(Number(commitment.size) * 0.8)
      expect((await compareTrees(t.root, t.at('out'))).differences).toEqual([])
      expect(readdirSync(t.at('out')).filter((name) => name.startsWith('.dmc'))).toEqual([])
      // finished, it is a folder like any other
      expect((await failure(t.restore('out'))).code).toBe('TARGET_NOT_EMPTY')
    })
  }

  it('a reader that fails ends the restore with its own error, from the worker too', async () => {
    const t = setUp()
    for (let i = 0; i < 80; i++) writeFileSync(join(t.root, `file ${i}`), noise(600_000, i))
    await t.backUp()
    const { opened } = await t.openLog()
    const broken = {
      async read(id: string, offset: number, length: number) {
        if (t.miner.bytesRead > 20 * MIB) {
          throw new DmcError('PEER_UNREACHABLE', 'The miner does not answer.', { hint: 'Wait.' })
        }
        return t.miner.read(id, offset, length)
      },
    }
    const snapshot = await openSnapshot({ opened, reader: broken })
    t.miner.bytesRead = 0
    const error = await failure(restoreSnapshot({ snapshot, target: t.at('out') }))
    expect(error).toMatchObject({ code: 'PEER_UNREACHABLE', retryable: true })
    expect(
      readdirSync(t.at('out')).filter((name) => name.startsWith('.dmc-') && !name.startsWith('.dmc-restore')),
    ).toEqual([])
  })
})
