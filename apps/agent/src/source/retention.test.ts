import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compareTrees } from './compare-trees.ts'
import { snapshotsOf } from './open-catalog.ts'
import { rebuildCache } from './rebuild-cache.ts'
import { startBackup } from './start-backup.ts'
import { CHAIN } from './test/file-miner.ts'
import { noise, settle } from './test/make-tree.ts'
import { failure, setUp } from './test/set-up.ts'

const LAST_2 = { last: 2, timeZone: 'UTC' }

describe('snapshots that a source does not keep', () => {
  it('are left out by the very catalog that lists the new one, and nothing else changes', async () => {
    const t = setUp()
    const ids: string[] = []
    const next = async (n: number, retention: typeof LAST_2 | null = LAST_2) => {
      writeFileSync(join(t.root, `file-${n}`), noise(50_000, n))
      writeFileSync(join(t.root, 'always'), noise(300_000, 'same'))
      await settle()
      const result = await t.backUp({ retention })
      ids.push(result.snapshot.snapshotId)
      return result
    }
    const listed = async () => snapshotsOf((await t.openLog()).opened.catalog).map((s) => s.snapshotId)
    for (const n of [0, 1, 2]) expect((await next(n, null)).forgotten).toEqual([])
    expect(await listed()).toEqual([ids[2], ids[1], ids[0]])
    const sizes = Number(t.miner.commitment?.size)
    const fourth = await next(3)
    expect(fourth.forgotten).toEqual([ids[0], ids[1]])
    expect(await listed()).toEqual([ids[3], ids[2]])
    // no more is written than for the snapshot itself
    expect(Number(t.miner.commitment?.size) - sizes).toBeLessThan(50_000 + 16_384)
    // nothing new: nothing is written, so nothing is forgotten either
    expect(await t.backUp({ retention: { last: 1, timeZone: 'UTC' } })).toMatchObject({
      unchanged: true,
      forgotten: [],
    })
    expect(await listed()).toHaveLength(2)

    // both that are left come back whole, though they share blobs with those that are gone
    await t.restore('new')
    expect((await compareTrees(t.root, t.at('new'))).differences).toEqual([])
    expect((await t.restore('old', ids[2])).files).toBe(4)
    expect((await failure(t.openLog(ids[0]))).code).toBe('SNAPSHOT_NOT_FOUND')

    // a cache made anew from the log knows the same, and goes on
    const { opened } = await t.openLog()
    const heads = [t.miner.head()]
    await rebuildCache({ sourceId: t.source.sourceId, dataDir: t.at('data'), opened, heads, reader: t.miner })
    expect((await next(5)).forgotten).toEqual([ids[2]])
    expect(await listed()).toEqual([ids[4], ids[3]])
  })

  it('stay until both sides have agreed: a session that is given up forgets nothing', async () => {
    const t = setUp()
    for (const n of [0, 1, 2]) {
      writeFileSync(join(t.root, 'file'), noise(10_000, n))
      await settle()
      await t.backUp()
    }
    writeFileSync(join(t.root, 'file'), noise(10_000, 3))
    await settle()
    const run = await startBackup({
      ...t.basics,
      target: t.miner.target,
      base: t.miner.commitment,
      chain: CHAIN,
      retention: LAST_2,
    })
    const encoded = await run.encoded
    expect(encoded.forgotten).toHaveLength(2)
    expect(snapshotsOf((await t.openLog()).opened.catalog)).toHaveLength(3)
    // as after a kill: the session that was encoded goes on with what it said
    await run.stop()
    const again = await t.backUp({ retention: null })
    expect(again.forgotten).toEqual(encoded.forgotten)
    expect(snapshotsOf((await t.openLog()).opened.catalog)).toHaveLength(2)
  })
})
