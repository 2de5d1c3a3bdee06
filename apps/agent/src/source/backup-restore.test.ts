import {
  appendFileSync,
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { unlockHeader } from '@dmc/core/log/header-leaf'
import { ENTRY_KIND } from '@dmc/core/log/node-entry'
import { nodeLogCrypto } from '@dmc/core/log/node-log-crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { compareTrees } from './compare-trees.ts'
import { findEntry, listSnapshot, openSnapshot } from './list-snapshot.ts'
import { openCatalog, snapshotsOf } from './open-catalog.ts'
import { rebuildCache } from './rebuild-cache.ts'
import { assertComplete, restoreSnapshot } from './restore-snapshot.ts'
import { startBackup } from './start-backup.ts'
import { backUp, CHAIN, FileMiner, keysFor, MASTER, targetOf } from './test/file-miner.ts'
import { makeTree, noise, settle, tempFolder, text } from './test/make-tree.ts'
import type { BackupProgress, RestoreResult } from './types.ts'

const MIB = 1024 * 1024
const open: { cleanUp(): void }[] = []
afterEach(() => {
  for (const { cleanUp } of open.splice(0)) cleanUp()
})

/** A source folder, an agent's data folder, a miner, and a place to restore to. */
function setUp({ mib = 64 }: { mib?: number } = {}) {
  const temp = tempFolder()
  open.push(temp)
  const at = (name: string) => join(temp.path, name)
  mkdirSync(at('source'))
  const keys = keysFor()
  const source = { sourceId: temp.path.slice(-6), name: 'my files', path: Buffer.from(at('source')) }
  const miner = new FileMiner(at('miner'), targetOf(mib))
  const basics = { source, keys, dataDir: at('data') }
  return {
    at,
    keys,
    source,
    miner,
    basics,
    root: at('source'),
    backUp: (more = {}) => backUp(miner, { ...basics, ...more }),
    async openLog(snapshotId?: string) {
      const opened = await openCatalog({ reader: miner, heads: [miner.head()], keys })
      const snapshot = await openSnapshot({ opened, reader: miner, ...(snapshotId ? { snapshotId } : {}) })
      return { opened, snapshot }
    },
    async restore(to: string, snapshotId?: string, more = {}): Promise<RestoreResult> {
      const { snapshot } = await this.openLog(snapshotId)
      return restoreSnapshot({ snapshot, target: at(to), ...more })
    },
  }
}

const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

const failure = async (work: Promise<unknown>): Promise<DmcError> => {
  try {
    await work
  } catch (error) {
    return error as DmcError
  }
  throw new Error('it did not fail')
}

describe('a folder, backed up into a log and restored', () => {
  it('comes back equal in every byte, mode, time and link', async () => {
    const t = setUp()
    makeTree(t.root)
    const seen: BackupProgress[] = []
    const result = await t.backUp({ onProgress: (p: BackupProgress) => seen.push(p) })
    expect(result.unchanged).toBe(false)
    expect(result.missing).toEqual([])
    expect(t.miner.derive()).toEqual(result.commitment)
    expect(Number(result.commitment.size) % 1024).toBe(0)
    expect(seen.at(-1)).toMatchObject({ stage: 'done', files: result.snapshot.files })

    const restored = await t.restore('out')
    expect(restored).toMatchObject({ missing: [], missingCount: 0, others: 1, skipped: 0 })
    expect(restored.files).toBe(result.snapshot.files)
    const compared = await compareTrees(t.root, t.at('out'), { owners: process.getuid?.() === 0 })
    expect(compared.differences).toEqual([])
    expect(compared.files).toBeGreaterThan(300)
    expect(readdirSync(t.at('out')).filter((name) => name.startsWith('.dmc'))).toEqual([])
    // sparse files are sparse again
    for (const name of ['sparse', 'small-sparse', 'all-hole']) {
      const blocks = (path: string) => statSync(path).blocks
      expect(blocks(join(t.at('out'), name)), name).toBeLessThanOrEqual(blocks(join(t.root, name)) * 1.1)
    }
    expect(lstatSync(join(t.at('out'), 'many/same-as-noise')).ino).toBe(
      lstatSync(join(t.at('out'), 'docs/noise.bin')).ino,
    )
    expect(() => lstatSync(join(t.at('out'), 'fifo'))).toThrow('ENOENT')
  })

  it('needs nothing but the phrase and the bytes that the miner has', async () => {
    const t = setUp()
    makeTree(t.root)
    await t.backUp()
    rmSync(t.at('data'), { recursive: true })
    const head = t.miner.head()
    const { header, sourceKey } = unlockHeader(nodeLogCrypto, MASTER, head.header)
    const keys = { salt: header.salt, sourceKey }
    const opened = await openCatalog({ reader: t.miner, heads: [head], keys })
    expect(opened.catalog.volumes).toHaveLength(1)
    expect(opened.catalog.volumes[0]).toMatchObject({ chainId: 31337, orderIds: [10n] })
    const snapshot = await openSnapshot({ opened, reader: t.miner })
    assertComplete(await restoreSnapshot({ snapshot, target: t.at('out') }))
    expect((await compareTrees(t.root, t.at('out'))).differences).toEqual([])
  })

  it('a wrong phrase says so', async () => {
    const t = setUp()
    await t.backUp()
    const wrong = new Uint8Array(32).fill(1)
    expect(() => unlockHeader(nodeLogCrypto, wrong, t.miner.head().header)).toThrow(
      expect.objectContaining({ code: 'PHRASE_WRONG' }),
    )
    const keys = { salt: t.keys.salt, sourceKey: wrong }
    expect((await failure(openCatalog({ reader: t.miner, heads: [t.miner.head()], keys }))).code).toBe(
      'PHRASE_WRONG',
    )
  })

  it('a single file is a source too', async () => {
    const t = setUp()
    writeFileSync(join(t.root, 'photo.raw'), noise(3 * MIB, 9), { mode: 0o640 })
    await settle()
    const source = { ...t.source, path: Buffer.from(join(t.root, 'photo.raw')) }
    const first = await t.backUp({ source })
    expect(first.snapshot).toMatchObject({ files: 1, bytes: 3 * MIB })
    expect((await t.backUp({ source })).unchanged).toBe(true)
    await t.restore('out')
    expect((await compareTrees(join(t.root, 'photo.raw'), t.at('out/photo.raw'))).count).toBe(0)
    const { snapshot } = await t.openLog()
    const listed = await collect(listSnapshot(snapshot))
    expect(listed.map(({ path }) => path.toString())).toEqual(['photo.raw'])
    unlinkSync(join(t.root, 'photo.raw'))
    expect((await failure(t.backUp({ source }))).code).toBe('SOURCE_NOT_FOUND')
  })

  it('empty: a folder without entries, a file without bytes', async () => {
    const t = setUp({ mib: 1 })
    const result = await t.backUp()
    expect(result.snapshot).toMatchObject({ files: 0, bytes: 0 })
    await t.restore('out')
    expect((await compareTrees(t.root, t.at('out'))).differences).toEqual([])

    const u = setUp({ mib: 1 })
    writeFileSync(join(u.root, 'nothing'), '')
    const source = { ...u.source, path: Buffer.from(join(u.root, 'nothing')) }
    await u.backUp({ source })
    await u.restore('out')
    expect((await compareTrees(join(u.root, 'nothing'), u.at('out/nothing'))).count).toBe(0)
  })

  it('folders of thousands of entries, and two hundred deep', async () => {
    const t = setUp()
    mkdirSync(join(t.root, 'wide'))
    for (let i = 0; i < 5000; i++) writeFileSync(join(t.root, 'wide', `entry number ${i}`), `${i}`)
    const deep = join(t.root, ...Array.from({ length: 200 }, (_, i) => `d${i}`))
    mkdirSync(deep, { recursive: true })
    writeFileSync(join(deep, 'bottom'), 'down here')
    await settle()
    await t.backUp()
    await t.restore('out')
    const compared = await compareTrees(t.root, t.at('out'))
    expect(compared.differences).toEqual([])
    expect(compared.directories).toBe(202)
    expect(compared.files).toBe(5001)
    // one more entry in the wide folder is a small change
    writeFileSync(join(t.root, 'wide', 'entry number 2500 and a half'), 'new')
    await settle()
    const before = t.miner.size
    await t.backUp()
    expect(t.miner.size - before).toBeLessThan(120 * 1024)
    await t.restore('out2')
    expect((await compareTrees(t.root, t.at('out2'))).differences).toEqual([])
  })

  it('a file of more slices than a list holds', async () => {
    const t = setUp({ mib: 128 })
    writeFileSync(join(t.root, 'large'), noise(100 * MIB, 1))
    await t.backUp()
    const { snapshot } = await t.openLog()
    const entry = await findEntry(snapshot, Buffer.from('large'))
    expect(entry.content.level).toBe(1)
    await t.restore('out')
    expect((await compareTrees(t.root, t.at('out'))).count).toBe(0)
  })
})

describe('a second backup', () => {
  it('of an unchanged source appends nothing', async () => {
    const t = setUp()
    makeTree(t.root)
    await settle()
    const first = await t.backUp()
    const again = await t.backUp()
    expect(again).toMatchObject({ unchanged: true, commitment: first.commitment, snapshot: first.snapshot })
    expect(BigInt(t.miner.size)).toBe(first.commitment.size)
  })

  it('stores only what changed, and both snapshots restore', async () => {
    const t = setUp()
    makeTree(t.root)
    await settle()
    const first = await t.backUp()
    await t.restore('first')
    const large = readFileSync(join(t.root, 'docs/noise.bin'))
    large.set(noise(1000, 77), 2_500_000)
    writeFileSync(join(t.root, 'docs/noise.bin'), large)
    writeFileSync(join(t.root, 'docs/new.txt'), 'a new file')
    renameSync(join(t.root, 'docs/deep/just-large.bin'), join(t.root, 'docs/moved.bin'))
    rmSync(join(t.root, 'many/file-3'))
    chmodSync(join(t.root, 'many/file-4'), 0o700)
    await settle()
    const second = await t.backUp()
    expect(t.miner.derive()).toEqual(second.commitment)
    const added = second.commitment.size - first.commitment.size
    expect(Number(added)).toBe(second.snapshot.addedBytes)
    // at most two cuts of the changed file and some nodes; not the moved file, not the 7 MB that stayed
    expect(Number(added)).toBeLessThan(3.5 * MIB)
    expect(Number(added)).toBeLessThan(Number(first.commitment.size) / 2)
    expect(readFileSync(t.miner.file).subarray(0, Number(first.commitment.size)).length).toBe(
      Number(first.commitment.size),
    )

    await t.restore('second')
    expect((await compareTrees(t.root, t.at('second'))).differences).toEqual([])
    await t.restore('first-again', first.snapshot.snapshotId)
    expect((await compareTrees(t.at('first'), t.at('first-again'))).differences).toEqual([])
    const { opened } = await t.openLog()
    expect(snapshotsOf(opened.catalog).map((s) => s.snapshotId)).toEqual([
      second.snapshot.snapshotId,
      first.snapshot.snapshotId,
    ])
  })

  it('of a single changed small file among many costs a few KiB', async () => {
    const t = setUp()
    for (let i = 0; i < 2000; i++) {
      mkdirSync(join(t.root, `d${i % 20}`), { recursive: true })
      writeFileSync(join(t.root, `d${i % 20}`, `f${i}`), noise(500, i))
    }
    await settle()
    await t.backUp()
    const before = t.miner.size
    appendFileSync(join(t.root, 'd7/f7'), 'more')
    await settle()
    await t.backUp()
    expect(t.miner.size - before).toBeLessThan(48 * 1024)
    await t.restore('out')
    expect((await compareTrees(t.root, t.at('out'))).differences).toEqual([])
  })

  it('many backups keep few index segments', async () => {
    const t = setUp()
    for (let i = 0; i < 12; i++) {
      writeFileSync(join(t.root, `file ${i}`), noise(300_000, i))
      await settle()
      await t.backUp()
    }
    const { opened } = await t.openLog()
    expect(opened.catalog.snapshots).toHaveLength(12)
    expect(opened.catalog.segments.length).toBeLessThanOrEqual(6)
    expect(opened.catalog.generation).toBe(12)
    await t.restore('out')
    expect((await compareTrees(t.root, t.at('out'))).differences).toEqual([])
  })

  it('goes on after the local cache is lost, and stores nothing twice', async () => {
    const t = setUp()
    writeFileSync(join(t.root, 'large'), noise(6 * MIB, 1))
    for (let i = 0; i < 50; i++) writeFileSync(join(t.root, `small ${i}`), noise(3000, i))
    await settle()
    await t.backUp()
    rmSync(t.at('data'), { recursive: true })
    // without its cache the agent must not append blindly
    const lost = await failure(t.backUp())
    expect(lost.code).toBe('STORE_CORRUPT')
    const rebuild = async () => {
      const heads = [t.miner.head()]
      const opened = await openCatalog({ reader: t.miner, heads, keys: t.keys })
      await rebuildCache({
        sourceId: t.source.sourceId,
        dataDir: t.at('data'),
        opened,
        heads,
        reader: t.miner,
      })
    }
    writeFileSync(join(t.root, 'new'), noise(10_000, 'new'))
    await settle()
    const before = t.miner.size
    const result = await t.backUp({ rebuild })
    expect(t.miner.derive()).toEqual(result.commitment)
    expect(t.miner.size - before).toBeLessThan(400 * 1024)
    expect(result.snapshot.generation).toBe(2)
    await t.restore('out')
    expect((await compareTrees(t.root, t.at('out'))).differences).toEqual([])
  })
})

describe('a session', () => {
  it('agreed on by the chain but not yet here is complete', async () => {
    const t = setUp()
    makeTree(t.root)
    const run = await startBackup({ ...t.basics, target: t.miner.target, base: null, chain: CHAIN })
    const result = await t.miner.take(run)
    await run.stop()
    // killed before `committed`: the chain has the new commitment already
    const next = await startBackup({
      ...t.basics,
      target: t.miner.target,
      base: result.commitment,
      chain: CHAIN,
    })
    expect(await next.encoded).toEqual(result)
    await next.committed(result.commitment)
    t.miner.commitment = result.commitment
    expect((await t.backUp()).unchanged).toBe(true)
  })

  it('stopped after encoding is offered again, the same bytes', async () => {
    const t = setUp()
    makeTree(t.root)
    const start = () => startBackup({ ...t.basics, target: t.miner.target, base: null, chain: CHAIN })
    const run = await start()
    const result = await run.encoded
    const bytes = await run.readSpool(0, Number(result.commitment.size))
    await run.stop()
    const next = await start()
    expect(next.session).toBe(run.session)
    expect(await next.encoded).toEqual(result)
    expect((await next.readSpool(0, bytes.length)).equals(bytes)).toBe(true)
    await t.miner.take(next)
    expect(t.miner.derive()).toEqual(result.commitment)
    await next.committed(result.commitment)
  })

  it('dropped forgets everything; the next one begins at the base', async () => {
    const t = setUp()
    makeTree(t.root)
    await settle()
    await t.backUp()
    writeFileSync(join(t.root, 'new'), noise(700_000, 1))
    const start = () =>
      startBackup({ ...t.basics, target: t.miner.target, base: t.miner.commitment, chain: CHAIN })
    const run = await start()
    await run.encoded
    await run.dropped()
    const next = await start()
    expect(next.session).not.toBe(run.session)
    const result = await t.miner.take(next)
    expect(t.miner.derive()).toEqual(result.commitment)
    await next.committed(result.commitment)
    t.miner.commitment = result.commitment
    await t.restore('out')
    expect((await compareTrees(t.root, t.at('out'))).differences).toEqual([])
  })

  it('dropped in the middle of encoding stops there', async () => {
    const t = setUp({ mib: 128 })
    writeFileSync(join(t.root, 'large'), noise(64 * MIB, 1))
    const run = await startBackup({ ...t.basics, target: t.miner.target, base: null, chain: CHAIN })
    await run.waitSpooled(0)
    await run.dropped()
    expect((await failure(run.encoded)).code).toBe('INTERRUPTED')
    expect(
      readdirSync(t.at('data/sources'), { recursive: true }).filter((name) => `${name}`.includes('spool/')),
    ).toEqual([])
  })

  it('waits when the spool is full, and keeps no more than its limit', async () => {
    const t = setUp({ mib: 256 })
    writeFileSync(join(t.root, 'large'), noise(150 * MIB, 1))
    const options = { spoolLimit: 24 * MIB, journalBytes: 4 * MIB }
    const run = await startBackup({ ...t.basics, target: t.miner.target, base: null, chain: CHAIN, options })
    await run.waitSpooled(20 * MIB)
    await new Promise((resolve) => setTimeout(resolve, 400))
    const held = run.spooledSize
    expect(held).toBeLessThan(24 * MIB + 8 * MIB)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(run.spooledSize).toBe(held)
    const result = await t.miner.take(run)
    expect(t.miner.derive()).toEqual(result.commitment)
    const spool = readdirSync(t.at(`data/sources/${t.source.sourceId}/spool/${run.session}`))
    expect(spool.length).toBeLessThanOrEqual(4)
    await run.committed(result.commitment)
    t.miner.commitment = result.commitment
    await t.restore('out')
    expect((await compareTrees(t.root, t.at('out'))).count).toBe(0)
  })

  it('knows its own root of each chunk at every size', async () => {
    const t = setUp()
    writeFileSync(join(t.root, 'large'), noise(3.3 * MIB, 1))
    await settle()
    await t.backUp()
    writeFileSync(join(t.root, 'other'), noise(2.2 * MIB, 2))
    const run = await startBackup({
      ...t.basics,
      target: t.miner.target,
      base: t.miner.commitment,
      chain: CHAIN,
    })
    const { commitment } = await t.miner.take(run)
    const { chunkRoot } = await import('@dmc/core/merkle/chunk-root')
    const { createNodeHasher } = await import('@dmc/core/merkle/node-hasher')
    const log = readFileSync(t.miner.file)
    const base = Number(run.base?.size)
    for (const size of [base, base + 1024, Number(commitment.size) - 1024, Number(commitment.size)]) {
      for (let index = Math.floor((base - 1024) / MIB); index * MIB < size; index++) {
        const expected = chunkRoot(
          createNodeHasher(),
          log.subarray(index * MIB, Math.min(size, (index + 1) * MIB)),
        )
        expect(
          Buffer.from(await run.chunkRoot(index, size)).equals(expected),
          `chunk ${index} at ${size}`,
        ).toBe(true)
      }
    }
    await expect(run.readSpool(Number(commitment.size), 1)).rejects.toThrow(RangeError)
    await run.committed(commitment)
  })

  it('a source is backed up once at a time', async () => {
    const t = setUp()
    const run = await startBackup({ ...t.basics, target: t.miner.target, base: null, chain: CHAIN })
    const second = startBackup({ ...t.basics, target: t.miner.target, base: null, chain: CHAIN })
    expect((await failure(second)).code).toBe('SOURCE_BUSY')
    await run.stop()
  })

  it('asks the miner questions that it kept answers of', async () => {
    const t = setUp()
    writeFileSync(join(t.root, 'large'), noise(20 * MIB, 1))
    await t.backUp({ options: { probes: 8 } })
    const { openLogDb } = await import('./encode/log-db.ts')
    const db = openLogDb(t.at(`data/sources/${t.source.sourceId}/log.db`))
    const probes = db.prepare('SELECT * FROM probe').all() as Record<string, number & Uint8Array>[]
    db.close()
    expect(probes).toHaveLength(8)
    const log = readFileSync(t.miner.file)
    for (const { offset, length, key, mac } of probes as unknown as {
      offset: number
      length: number
      key: Uint8Array
      mac: Uint8Array
    }[]) {
      expect(length).toBe(MIB)
      expect(Buffer.from(nodeLogCrypto.hmac(key, log.subarray(offset, offset + length))).equals(mac)).toBe(
        true,
      )
    }
  })
})

describe('a source that does not fit', () => {
  it('is refused before anything is sent, with both numbers', async () => {
    const t = setUp({ mib: 4 })
    writeFileSync(join(t.root, 'large'), noise(9 * MIB, 1))
    const run = await startBackup({ ...t.basics, target: t.miner.target, base: null, chain: CHAIN })
    const error = await failure(run.encoded)
    await run.stop()
    expect(error.code).toBe('SOURCE_TOO_LARGE')
    expect(error.message).toMatch(/needs at least [6-9]\.\d MiB.*has 4\.0 MiB/)
    expect(error.hint).toMatch(/larger order|order of/)
    expect(run.spooledSize).toBeLessThanOrEqual(1024)
  })

  it('is refused where it stops fitting, and an older snapshot stays whole', async () => {
    const t = setUp({ mib: 4 })
    writeFileSync(join(t.root, 'first'), noise(1 * MIB, 1))
    await settle()
    await t.backUp()
    writeFileSync(join(t.root, 'second'), noise(6 * MIB, 2))
    const run = await startBackup({
      ...t.basics,
      target: t.miner.target,
      base: t.miner.commitment,
      chain: CHAIN,
      options: { estimate: false },
    })
    const error = await failure(run.encoded)
    expect(error.code).toBe('SOURCE_TOO_LARGE')
    await run.dropped()
    truncateSync(join(t.root, 'second'), 1 * MIB)
    await settle()
    // room for this one remains, and for segment, catalog and footer with it
    const result = await t.backUp()
    expect(Number(result.commitment.size)).toBeLessThanOrEqual(4 * MIB)
    expect(t.miner.derive()).toEqual(result.commitment)
    await t.restore('out')
    expect((await compareTrees(t.root, t.at('out'))).differences).toEqual([])
  })

  it('what compresses may be larger than its order', async () => {
    const t = setUp({ mib: 2 })
    writeFileSync(join(t.root, 'text'), text(20 * MIB, 1))
    const result = await t.backUp()
    expect(result.snapshot.bytes).toBe(20 * MIB)
    await t.restore('out')
    expect((await compareTrees(t.root, t.at('out'))).count).toBe(0)
  })
})

describe('several volumes and copies of one source', () => {
  it('a log goes on in a new volume and points back where it is safe', async () => {
    const t = setUp()
    writeFileSync(join(t.root, 'old'), noise(3 * MIB, 1))
    await settle()
    await t.backUp()
    const second = new FileMiner(t.at('miner2'), targetOf(32, 1))
    writeFileSync(join(t.root, 'new'), noise(1 * MIB, 2))
    await settle()
    const safeVolumes = [t.miner.target.volumeId]
    await backUp(second, { ...t.basics, safeVolumes })
    expect(second.size).toBeLessThan(1.2 * MIB)
    const both = {
      read: (id: string, offset: number, length: number) =>
        (id === second.target.volumeId ? second : t.miner).read(id, offset, length),
    }
    const opened = await openCatalog({ reader: both, heads: [t.miner.head(), second.head()], keys: t.keys })
    expect(opened.catalog.generation).toBe(2)
    expect(opened.catalog.volumes.map((v) => v.number)).toEqual([0, 1])
    await restoreSnapshot({ snapshot: await openSnapshot({ opened, reader: both }), target: t.at('out') })
    expect((await compareTrees(t.root, t.at('out'))).differences).toEqual([])
  })

  it('what lies in an order that is not safe is stored again', async () => {
    const t = setUp()
    writeFileSync(join(t.root, 'old'), noise(3 * MIB, 1))
    await settle()
    await t.backUp()
    const second = new FileMiner(t.at('miner2'), targetOf(32, 1))
    await backUp(second, t.basics)
    expect(second.size).toBeGreaterThan(3 * MIB)
    const opened = await openCatalog({ reader: second, heads: [second.head()], keys: t.keys })
    await restoreSnapshot({ snapshot: await openSnapshot({ opened, reader: second }), target: t.at('out') })
    expect((await compareTrees(t.root, t.at('out'))).count).toBe(0)
  })

  it('a shorter copy is older, not wrong; two different catalogs of one generation are a fork', async () => {
    const t = setUp()
    writeFileSync(join(t.root, 'a'), 'one')
    await settle()
    await t.backUp()
    const old = t.miner.head()
    const oldLog = readFileSync(t.miner.file)
    writeFileSync(join(t.root, 'b'), 'two')
    await settle()
    await t.backUp()
    const copies = await openCatalog({ reader: t.miner, heads: [old, t.miner.head()], keys: t.keys })
    expect(copies.catalog.generation).toBe(2)
    expect(copies.volumes.map((v) => v.generation)).toEqual([1, 2])

    // another host goes on from the same base, into the same volume
    const other = setUp()
    writeFileSync(other.miner.file, oldLog)
    writeFileSync(join(other.root, 'c'), noise(5000, 'three'))
    other.miner.commitment = old.commitment
    const rebuild = async () => {
      const opened = await openCatalog({ reader: other.miner, heads: [old], keys: t.keys })
      await rebuildCache({
        sourceId: other.source.sourceId,
        dataDir: other.at('data'),
        opened,
        heads: [old],
        reader: other.miner,
      })
    }
    await other.backUp({ rebuild })
    const forked = { ...other.miner.head(), orderId: 99n }
    const read = (_id: string, offset: number, length: number) =>
      (offset < Number(t.miner.commitment?.size) ? t.miner : other.miner).read(
        t.miner.target.volumeId,
        offset,
        length,
      )
    // both end at different sizes, so each footer is read where its own log ends
    const sizes = new Map([
      [Number(t.miner.commitment?.size) - 1024, t.miner],
      [Number(other.miner.commitment?.size) - 1024, other.miner],
    ])
    expect(sizes.size).toBe(2)
    const reader = {
      read: (id: string, offset: number, length: number) =>
        (sizes.get(offset) ?? { read }).read(id, offset, length),
    }
    const error = await failure(openCatalog({ reader, heads: [t.miner.head(), forked], keys: t.keys }))
    expect(error.code).toBe('LOG_FORK')
    expect(error.message).toContain('10 and 99')
  })
})

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
