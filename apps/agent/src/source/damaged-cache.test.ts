import { closeSync, openSync, readdirSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { describe, expect, it } from 'vitest'
import { compareTrees } from './compare-trees.ts'
import { letGoDamaged } from './encode/let-go-damaged.ts'
import { rebuildCache } from './rebuild-cache.ts'
import { makeTree, noise, settle } from './test/make-tree.ts'
import { setUp } from './test/set-up.ts'

function filesOf(folder: string, name: RegExp): string[] {
  const all = readdirSync(folder, { recursive: true }).map(String)
  return all.filter((each) => name.test(each)).map((each) => join(folder, each))
}

const PAGE = 4096
const DAMAGE: [what: string, damage: (file: string, pages: number) => void][] = [
  ['its first page is gone', (file) => overwrite(file, 0, 1)],
  ['its tables are gone', (file, pages) => overwrite(file, 1, pages - 1)],
  ['a page in its middle is gone', (file, pages) => overwrite(file, pages >> 1, 1)],
  [
    'every other page is gone',
    (file, pages) => {
      for (let page = 1; page < pages; page += 2) overwrite(file, page, 1)
    },
  ],
  ['its end is gone', (file, pages) => truncateSync(file, (pages >> 1) * PAGE)],
  ['it is empty', (file) => truncateSync(file, 0)],
]

function overwrite(file: string, from: number, count: number): void {
  const fd = openSync(file, 'r+')
  writeSync(fd, Buffer.alloc(count * PAGE, 0xa5), 0, count * PAGE, from * PAGE)
  closeSync(fd)
}

describe.each(DAMAGE)('%s', (_what, damage) => {
  it('a damaged list of files is let go, and the next backup reads every file', async () => {
    const t = setUp()
    makeTree(t.root)
    for (let i = 0; i < 500; i++) writeFileSync(join(t.root, `one of many ${i}`), `${i}`)
    await settle()
    await t.backUp()
    const [file = ''] = filesOf(t.at('data'), /manifest-[^/]*\.db$/)
    damage(file, statSync(file).size / PAGE)
    writeFileSync(join(t.root, 'new'), 'new')
    const { missing } = await again(() => t.backUp())
    expect(missing).toEqual([])
    await t.restore('out')
    const { differences } = await compareTrees(t.root, t.at('out'))
    expect(differences).toEqual([])
  })

  it('a damaged log.db is put aside, made again from the log, and nothing is stored twice', async () => {
    const t = setUp()
    makeTree(t.root)
    for (let i = 0; i < 300; i++) writeFileSync(join(t.root, `${i}`), noise(20_000, i))
    await settle()
    await t.backUp()
    const [file = ''] = filesOf(t.at('data'), /log\.db$/)
    const db = new DatabaseSync(file)
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    db.close()
    damage(file, statSync(file).size / PAGE)
    writeFileSync(join(t.root, 'new'), 'new')
    const rebuild = async () => {
      const { opened } = await t.openLog()
      const { sourceId } = t.source
      await rebuildCache({
        sourceId,
        dataDir: t.at('data'),
        opened,
        heads: [t.miner.head()],
        reader: t.miner,
      })
    }
    const { missing, snapshot } = await again(() => t.backUp({ rebuild }))
    expect(missing).toEqual([])
    // of 6 MB: a blob of small files that “new” is among now, and folders
    expect(snapshot.addedBytes).toBeLessThan(2_000_000)
    await t.restore('out')
    const { differences } = await compareTrees(t.root, t.at('out'))
    expect(differences).toEqual([])
  })
})

it.each([
  ['a full disk', { code: 'ERR_SQLITE_ERROR', errcode: 13 }],
  ['one who holds it', { code: 'ERR_SQLITE_ERROR', errcode: 5 }],
  ['damage of something else', { code: 'ERR_SQLITE_ERROR', errcode: 11 }],
  ['no error of SQLite', { code: 'EIO' }],
])('%s takes nothing away', async (_what, properties) => {
  const t = setUp()
  writeFileSync(join(t.root, 'file'), 'x')
  await t.backUp()
  const before = filesOf(t.at('data'), /\.db$/)
  expect(before.length).toBeGreaterThan(1)
  const [log = ''] = filesOf(t.at('data'), /log\.db$/)
  expect(letGoDamaged(dirname(log), Object.assign(new Error(), properties))).toBeNull()
  expect(filesOf(t.at('data'), /\.db$/)).toEqual(before)
})

/** What the agent does: once more when what was damaged is out of the way. */
async function again<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!DmcError.is(error) || error.code !== 'CACHE_DAMAGED') throw error
    expect(error.retryable).toBe(true)
    return work()
  }
}
