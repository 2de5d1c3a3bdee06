import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { checkExcludes } from '@dmc/core/source/exclude-patterns'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openStore, type Store } from '../store/open-store.ts'
import { Excluder } from './encode/excluder.ts'
import { listSnapshot } from './list-snapshot.ts'
import { measureSource } from './measure-source.ts'
import { openSourceService } from './source-service.ts'
import { settle, tempFolder } from './test/make-tree.ts'
import { collect, failure, setUp } from './test/set-up.ts'

const put = (root: string, ...names: (string | Buffer)[]) => {
  for (const name of names) {
    if (typeof name !== 'string') {
      writeFileSync(Buffer.concat([Buffer.from(`${root}/`), name]), 'bytes')
      continue
    }
    mkdirSync(join(root, dirname(name)), { recursive: true })
    writeFileSync(join(root, name), name)
  }
}
const EXCLUDES = ['*.tmp', '!keep.tmp', '/cache', 'node_modules/', 'docs/**/draft-*', '\\#odd']

describe('what a source leaves out', () => {
  it('is in no snapshot, is counted, and everything else comes back', async () => {
    const t = setUp()
    put(t.root, 'a.txt', 'a.tmp', 'keep.tmp', 'deep/down/b.tmp', 'cache/x', 'cache/y/z', 'deep/cache/stays')
    put(
      t.root,
      'node_modules/p/index.js',
      'deep/node_modules/q.js',
      'docs/draft-1',
      'docs/1/2/draft-2',
      'docs/final',
    )
    put(t.root, '#odd', 'A.TMP', 'node_modules.txt', Buffer.from([0xff, 0xfe, 0x2e, 0x74]))
    symlinkSync('nowhere', join(t.root, 'link.tmp'))
    await settle()
    const result = await t.backUp({ excludes: EXCLUDES })
    // a.tmp, link.tmp, deep/down/b.tmp, cache, two node_modules, two drafts, #odd
    expect(result.excluded).toBe(9)
    await t.restore('out')
    const there = execFileSync('find', ['.', '-type', 'f'], { cwd: t.at('out'), encoding: 'latin1' })
    expect(there.trim().split('\n').sort()).toEqual(
      [
        './A.TMP',
        './a.txt',
        './deep/cache/stays',
        './docs/final',
        './keep.tmp',
        './node_modules.txt',
        './\xff\xfe.t',
      ].sort(),
    )
    expect(result.snapshot.files).toBe(7)
    // the estimate walks with the same eyes
    const size = await measureSource(
      t.source.path,
      undefined,
      undefined,
      Excluder.of(t.source.path, EXCLUDES),
    )
    expect(size).toMatchObject({ files: 7, excluded: 9, bytes: result.snapshot.bytes })
  })

  it('changes with the next backup, both ways, and earlier snapshots keep what they had', async () => {
    const t = setUp()
    put(t.root, 'a.txt', 'b.log', 'logs/c.log')
    await settle()
    const first = await t.backUp()
    expect(first).toMatchObject({ excluded: 0, snapshot: { files: 3 } })
    const second = await t.backUp({ excludes: ['*.log'] })
    expect(second).toMatchObject({ unchanged: false, excluded: 2, snapshot: { files: 1 } })
    expect(await t.backUp({ excludes: ['*.log'] })).toMatchObject({ unchanged: true, excluded: 2 })
    // a pattern that fits nothing is no change of the source
    expect(await t.backUp({ excludes: ['*.log', '*.nothing'] })).toMatchObject({
      unchanged: true,
      excluded: 2,
    })
    const third = await t.backUp({ excludes: [] })
    expect(third).toMatchObject({ unchanged: false, excluded: 0, snapshot: { files: 3 } })
    const names = async (id: string) => {
      const { snapshot } = await t.openLog(id)
      return (await collect(listSnapshot(snapshot))).map(({ path }) => path.toString()).sort()
    }
    expect(await names(first.snapshot.snapshotId)).toContain('b.log')
    expect(await names(second.snapshot.snapshotId)).toEqual(['a.txt', 'logs'])
    await t.restore('out', first.snapshot.snapshotId)
    expect(execFileSync('cat', [t.at('out/logs/c.log')], { encoding: 'utf8' })).toBe('logs/c.log')
  })

  it('everything left out is an empty folder, not an error; the source itself is never left out', async () => {
    const t = setUp({ mib: 1 })
    put(t.root, 'a', 'b/c')
    const result = await t.backUp({ excludes: ['*', '/', '**'] })
    expect(result).toMatchObject({ excluded: 2, snapshot: { files: 0 } })
    const one = setUp({ mib: 1 })
    put(one.root, 'a')
    const file = { ...one.source, path: Buffer.from(join(one.root, 'a')) }
    expect((await one.backUp({ source: file, excludes: ['*', 'a'] })).snapshot.files).toBe(1)
  })

  it('is what git leaves out by the same list', { timeout: 60_000 }, async () => {
    const temp = tempFolder()
    try {
      execFileSync('git', ['init', '-q', temp.path])
      const part = fc.constantFrom('a', 'b', 'ab', '.a', 'a.b', 'b[', 'ba')
      const glob = fc.constantFrom('a', 'b', '*', '?', '*.b', 'a*', '[ab]', '**', 'ab', '[!a]', '.a', '*b*')
      const pattern = fc
        .tuple(
          fc.constantFrom('', '!', '/', '!/'),
          fc.array(glob, { minLength: 1, maxLength: 3 }),
          fc.constantFrom('', '/'),
        )
        .map(([before, parts, after]) => before + parts.join('/') + after)
      const paths = fc.uniqueArray(
        fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/')),
        { minLength: 1, maxLength: 8 },
      )
      await fc.assert(
        fc.property(fc.array(pattern, { minLength: 1, maxLength: 4 }), paths, (patterns, wanted) => {
          const files = wanted.filter((name) => !wanted.some((other) => other.startsWith(`${name}/`)))
          rmSync(join(temp.path, 'tree'), { recursive: true, force: true })
          const root = join(temp.path, 'tree')
          put(root, ...files)
          writeFileSync(join(root, '.gitignore'), patterns.join('\n'))
          const left = execFileSync('git', ['ls-files', '--others', '--exclude-standard', '-z', '--', '.'], {
            cwd: root,
            encoding: 'utf8',
            env: { PATH: process.env.PATH, HOME: temp.path, GIT_CONFIG_NOSYSTEM: '1' },
          })
          const git = files.filter((name) => left.split('\0').includes(name)).sort()
          const excluder = Excluder.of(Buffer.from(root), patterns)
          const kept = files.filter((name) => {
            const parts = name.split('/')
            return parts.every((_, i) => {
              const path = Buffer.from(join(root, ...parts.slice(0, i + 1)))
              return !excluder?.excludes(path, i < parts.length - 1)
            })
          })
          expect(kept.sort(), JSON.stringify(patterns)).toEqual(git)
        }),
        { numRuns: 150 },
      )
    } finally {
      temp.cleanUp()
    }
  })

  it('no pattern makes a name take long', () => {
    const root = Buffer.from('/s')
    const evil = [`${'*a'.repeat(100)}*b`, 'a/**/a/**/b', `${'?*'.repeat(100)}b`, `${'[a-z]*'.repeat(30)}0`]
    const excluder = Excluder.of(root, checkExcludes(evil))
    const started = performance.now()
    for (const name of ['a'.repeat(255), 'a/'.repeat(500), `${'ab'.repeat(120)}/`.repeat(15)])
      excluder?.excludes(Buffer.from(`/s/${name.replace(/\/$/, '')}`), false)
    expect(performance.now() - started).toBeLessThan(5000)
  })
})

describe('the list itself', () => {
  let temp: ReturnType<typeof tempFolder>
  let store: Store
  beforeEach(() => {
    temp = tempFolder()
    store = openStore(join(temp.path, 'agent'))
  })
  afterEach(() => {
    store.close()
    temp.cleanUp()
  })

  it('is kept with the source and replaced as a whole', async () => {
    const sources = openSourceService({ store, dataDir: join(temp.path, 'agent') })
    put(temp.path, 'home/a.tmp', 'home/b')
    const path = join(temp.path, 'home')
    const { sourceId, excludes } = await sources.add(path, { excludes: [' *.tmp ', '*.tmp', '/x'] })
    expect(excludes).toEqual(['*.tmp', '/x'])
    expect((await sources.add(path)).excludes).toEqual(['*.tmp', '/x'])
    expect(await sources.measure(sourceId)).toMatchObject({ files: 1, excluded: 1 })
    expect(sources.get(sourceId).size).toMatchObject({ files: 1, excluded: 1 })
    expect(sources.setExcludes(sourceId, ['b']).excludes).toEqual(['b'])
    expect((await sources.add(path, { excludes: [] })).excludes).toEqual([])
    expect((await failure((async () => sources.setExcludes('ffff', []))())).code).toBe('SOURCE_UNKNOWN')
    for (const wrong of [
      `${path}/b`,
      '../b',
      'a/../b',
      './b',
      '',
      '!',
      '# comment',
      'a\nb',
      'a\\',
      'x'.repeat(257),
    ]) {
      const error = await failure((async () => sources.setExcludes(sourceId, ['ok', wrong]))())
      expect(error.code, wrong).toBe('EXCLUDE_INVALID')
    }
    const many = Array.from({ length: 101 }, (_, i) => `p${i}`)
    expect((await failure((async () => sources.setExcludes(sourceId, many))())).code).toBe('EXCLUDE_INVALID')
    const wide = Array.from({ length: 20 }, (_, i) => 'ü'.repeat(240) + i)
    expect((await failure((async () => sources.setExcludes(sourceId, wide))())).code).toBe('EXCLUDE_INVALID')
    expect(sources.get(sourceId).excludes).toEqual([])
    const file = await failure(sources.add(join(path, 'b'), { excludes: ['x'] }))
    expect(file.code).toBe('EXCLUDE_INVALID')
  })
})
