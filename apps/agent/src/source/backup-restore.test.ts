import {
  appendFileSync,
  chmodSync,
  closeSync,
  cpSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
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
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { unlockHeader } from '@dmc/core/log/header-leaf'
import { nodeLogCrypto } from '@dmc/core/log/node-log-crypto'
import { describe, expect, it } from 'vitest'
import { compareTrees } from './compare-trees.ts'
import { findEntry, listSnapshot, openSnapshot } from './list-snapshot.ts'
import { openCatalog, snapshotsOf } from './open-catalog.ts'
import { rebuildCache } from './rebuild-cache.ts'
import { assertComplete, restoreSnapshot } from './restore-snapshot.ts'
import { startBackup } from './start-backup.ts'
import { backUp, CHAIN, FileMiner, MASTER, targetOf } from './test/file-miner.ts'
import { makeTree, noise, settle, text } from './test/make-tree.ts'
import { collect, failure, MIB, setUp } from './test/set-up.ts'
import type { BackupProgress } from './types.ts'

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

  it('may have files and folders of times that 64 bits can’t hold: one of them once ended the whole backup', async () => {
    const t = setUp()
    const year2300 = 10_413_792_000
    for (const name of ['folder', 'folder/in it'].map((each) => join(t.root, each))) mkdirSync(name)
    writeFileSync(join(t.root, 'file'), 'x')
    writeFileSync(join(t.root, 'folder/empty'), '')
    symlinkSync('file', join(t.root, 'link'))
    for (const name of ['file', 'folder/empty', 'folder/in it', 'folder', ''])
      utimesSync(join(t.root, name), year2300, year2300)
    lutimesSync(join(t.root, 'link'), year2300, year2300)
    await settle()
    expect((await t.backUp()).missing).toEqual([])
    await t.restore('out')
    expect((await compareTrees(t.root, t.at('out'))).differences).toEqual([])
    // 11 April 2262, as late as it can be said, where the file system goes beyond
    if (statSync(join(t.root, 'file')).mtimeMs === year2300 * 1000)
      expect(Math.floor(statSync(t.at('out/file')).mtimeMs / 1000)).toBe(9_223_372_036)
    expect((await t.backUp()).unchanged).toBe(true)
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

  it('of small files that were touched, moved or copied stores none of them again', async () => {
    const t = setUp()
    mkdirSync(join(t.root, 'before'))
    for (let i = 0; i < 200; i++) writeFileSync(join(t.root, 'before', `f${i}`), noise(10_000, i))
    await settle()
    await t.backUp()
    const sizes: number[] = []
    const again = async () => {
      const before = t.miner.size
      await settle()
      expect((await t.backUp()).unchanged).toBe(false)
      sizes.push(t.miner.size - before)
    }
    for (let i = 0; i < 100; i++) utimesSync(join(t.root, 'before', `f${i}`), 5, 5)
    await again()
    renameSync(join(t.root, 'before'), join(t.root, 'after'))
    for (let i = 100; i < 200; i++) utimesSync(join(t.root, 'after', `f${i}`), 6, 6)
    await again()
    cpSync(join(t.root, 'after'), join(t.root, 'copy'), { recursive: true })
    await again()
    // two megabytes of content, and each time only names
    for (const size of sizes) expect(size).toBeLessThan(60_000)
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

describe('a source that does not fit', () => {
  it('renamed and edited files of a nearly full order are not taken for new ones', async () => {
    const t = setUp({ mib: 16 })
    writeFileSync(join(t.root, 'film'), noise(11 * MIB, 1))
    await settle()
    await t.backUp()
    renameSync(join(t.root, 'film'), join(t.root, 'film of the sea'))
    await settle()
    expect((await t.backUp()).snapshot.addedBytes).toBeLessThan(1 * MIB)
    const fd = openSync(join(t.root, 'film of the sea'), 'r+')
    writeSync(fd, noise(10, 2), 0, 10, 5 * MIB)
    closeSync(fd)
    writeFileSync(join(t.root, 'a note'), 'new')
    await settle()
    const last = await t.backUp()
    await t.restore('out')
    expect((await compareTrees(t.root, t.at('out'))).differences).toEqual([])
    // and what is surely new is still refused before anything is read
    writeFileSync(join(t.root, 'another film'), noise(9 * MIB, 3))
    await settle()
    const base = t.miner.commitment
    expect(base).toEqual(last.commitment)
    const run = await startBackup({ ...t.basics, target: t.miner.target, base, chain: CHAIN })
    expect((await failure(run.encoded)).code).toBe('SOURCE_TOO_LARGE')
    await run.stop()
  })

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
