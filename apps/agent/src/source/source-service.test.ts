import { execFileSync } from 'node:child_process'
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { DmcError } from '@dmc/core/errors/dmc-error'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openStore, type Store } from '../store/open-store.ts'
import { openSourceService, type SourceService } from './source-service.ts'
import { startBackup } from './start-backup.ts'
import { backUp, CHAIN, FileMiner, keysFor, targetOf } from './test/file-miner.ts'
import { tempFolder } from './test/make-tree.ts'

let temp: ReturnType<typeof tempFolder>
let store: Store
let sources: SourceService
const at = (name: string) => join(temp.path, name)

beforeEach(() => {
  temp = tempFolder()
  store = openStore(at('agent'))
  sources = openSourceService({ store, dataDir: at('agent') })
  mkdirSync(at('photos'))
})
afterEach(() => {
  store.close()
  temp.cleanUp()
})

const failure = async (work: () => Promise<unknown>): Promise<DmcError> => {
  try {
    await work()
  } catch (error) {
    return error as DmcError
  }
  throw new Error('it did not fail')
}

describe('the source service (flow 5)', () => {
  it('registers a folder once, with an id, a salt and a name', async () => {
    const source = await sources.add(at('photos'))
    expect(source).toMatchObject({
      name: 'photos',
      kind: 'directory',
      path: Buffer.from(at('photos')),
      size: null,
    })
    expect(source.sourceId).toMatch(/^[0-9a-f]{16}$/)
    expect(source.salt).toHaveLength(32)
    expect(await sources.add(`${at('photos')}/../photos/`)).toEqual(source)
    expect(sources.list()).toEqual([source])
    expect(sources.get(source.sourceId)).toEqual(source)
    mkdirSync(at('other/photos'), { recursive: true })
    const other = await sources.add(at('other/photos'))
    expect(other.name).toBe('photos-2')
    expect(Buffer.from(other.salt).equals(source.salt)).toBe(false)
    expect((await sources.add(at('other'), { name: 'mine' })).name).toBe('mine')
  })

  it('takes names that are not UTF-8, single files, and symlinks to folders as what they point to', async () => {
    const odd = Buffer.concat([Buffer.from(`${temp.path}/`), Buffer.from([0xff, 0xfe])])
    mkdirSync(odd)
    expect((await sources.add(odd)).path).toEqual(odd)
    writeFileSync(at('file'), 'x')
    expect((await sources.add(at('file'))).kind).toBe('file')
    symlinkSync(at('photos'), at('link'))
    expect((await sources.add(at('link'))).path).toEqual(Buffer.from(at('photos')))
  })

  it('says what is wrong with a path', async () => {
    execFileSync('mkfifo', [at('fifo')])
    expect((await failure(() => sources.add(at('nothing')))).code).toBe('SOURCE_NOT_FOUND')
    expect((await failure(() => sources.add(`${at('fifo')}/x`))).code).toBe('SOURCE_NOT_FOUND')
    const fifo = await failure(() => sources.add(at('fifo')))
    expect(fifo).toMatchObject({ code: 'SOURCE_NOT_REGULAR', message: `${at('fifo')} is a fifo.` })
    expect((await failure(() => sources.add('/dev/null'))).message).toContain('is a device')
    for (const path of [at('agent'), temp.path, '/', at('agent/state.db')]) {
      expect((await failure(() => sources.add(path))).code, path).toBe('SOURCE_OVERLAPS_AGENT')
    }
    expect((await failure(async () => sources.get('ffff'))).code).toBe('SOURCE_UNKNOWN')
    expect(sources.list()).toEqual([])
  })

  it('measures: hard links once, sparse files by what they take, links not followed', async () => {
    writeFileSync(at('photos/a'), 'x'.repeat(5000))
    linkSync(at('photos/a'), at('photos/b'))
    writeFileSync(at('photos/sparse'), 'x')
    truncateSync(at('photos/sparse'), 100_000_000)
    mkdirSync(at('photos/sub'))
    symlinkSync('/usr', at('photos/usr'))
    const { sourceId } = await sources.add(at('photos'))
    const size = await sources.measure(sourceId)
    expect(size).toMatchObject({ files: 3, directories: 2, unreadable: 0 })
    expect(size.bytes).toBeGreaterThanOrEqual(5000)
    expect(size.bytes).toBeLessThan(100_000)
    expect(sources.get(sourceId).size).toEqual(size)
  })

  it('knows the snapshots in force, and forgets everything with the source', async () => {
    writeFileSync(at('photos/a'), 'x')
    const source = await sources.add(at('photos'))
    expect(sources.snapshots(source.sourceId)).toEqual([])
    const miner = new FileMiner(at('miner'), targetOf(1))
    const { snapshot } = await backUp(miner, { source, keys: keysFor(source.salt), dataDir: at('agent') })
    expect(sources.snapshots(source.sourceId)).toEqual([{ ...snapshot, addedBytes: expect.any(Number) }])
    const run = await startBackup({
      source,
      keys: keysFor(source.salt),
      target: miner.target,
      base: miner.commitment,
      chain: CHAIN,
      dataDir: at('agent'),
    })
    expect((await failure(() => sources.remove(source.sourceId))).code).toBe('SOURCE_BUSY')
    expect((await failure(async () => sources.forgetUnchanged(source.sourceId))).code).toBe('SOURCE_BUSY')
    await run.stop()
    await sources.remove(source.sourceId)
    expect(sources.list()).toEqual([])
    expect(existsSync(at(`agent/sources/${source.sourceId}`))).toBe(false)
    expect(existsSync(at('photos/a'))).toBe(true)
  })

  it('a change that leaves size, times and inode as they were is found when everything is read again', async () => {
    const write = (text: string) => {
      writeFileSync(at('photos/a'), text)
      utimesSync(at('photos/a'), 1_000_000, 1_000_000)
    }
    write('before')
    const source = await sources.add(at('photos'))
    const miner = new FileMiner(at('miner'), targetOf(1))
    const backUpAgain = () => backUp(miner, { source, keys: keysFor(source.salt), dataDir: at('agent') })
    await backUpAgain()
    write('after!')
    // as if the file system said that nothing changed: what is kept of the last walk has the time of now
    const folder = at(`agent/sources/${source.sourceId}`)
    const [manifest = ''] = readdirSync(folder).filter((name) => name.startsWith('manifest-'))
    const { ctimeNs } = lstatSync(at('photos/a'), { bigint: true })
    const db = new DatabaseSync(join(folder, manifest))
    db.prepare("UPDATE entry SET ctime = ? WHERE CAST(name AS TEXT) = 'a'").run(ctimeNs)
    db.close()
    expect((await backUpAgain()).unchanged).toBe(true)
    sources.forgetUnchanged(source.sourceId)
    expect((await backUpAgain()).unchanged).toBe(false)
    // all of it is read again, and nothing is stored twice
    sources.forgetUnchanged(source.sourceId)
    expect((await backUpAgain()).unchanged).toBe(true)
  })
})
