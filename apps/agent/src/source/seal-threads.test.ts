import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { compareTrees } from './compare-trees.ts'
import { startBackup } from './start-backup.ts'
import { CHAIN } from './test/file-miner.ts'
import { makeTree, noise, settle, text } from './test/make-tree.ts'
import { failure, MIB, setUp } from './test/set-up.ts'

/** Large and small files that do and do not compress, and the same bytes again. */
function mixedTree(root: string): void {
  makeTree(root)
  mkdirSync(join(root, 'photos'))
  for (let i = 0; i < 12; i++) writeFileSync(join(root, 'photos', `${i}.jpg`), noise(300_000 + i * 91_337, i))
  writeFileSync(join(root, 'large.log'), text(14 * MIB, 5))
  writeFileSync(join(root, 'large.bin'), noise(19 * MIB, 6))
  writeFileSync(join(root, 'large.bin.copy'), noise(19 * MIB, 6))
  mkdirSync(join(root, 'small'))
  for (let i = 0; i < 700; i++)
    writeFileSync(join(root, 'small', `${i}`), i % 2 === 0 ? text(i * 61, i) : noise(i * 53, i))
}

/** Blobs of a log in order: id, place, sealed and plain size. */
function blobsOf(dataDir: string, sourceId: string): unknown[] {
  const db = new DatabaseSync(join(dataDir, 'sources', sourceId, 'log.db'), { readOnly: true })
  try {
    return db.prepare('SELECT hex(id), offset, stored, plain FROM blob ORDER BY offset').all()
  } finally {
    db.close()
  }
}

describe('however many threads seal', () => {
  it('the log has the same blobs in the same places, and comes back equal', async () => {
    const t = setUp({ mib: 256 })
    mixedTree(t.root)
    await settle()
    const logs: unknown[][] = []
    for (const threads of [1, 2, 3, 5]) {
      const other = setUp({ mib: 256 })
      const result = await other.backUp({
        source: { ...other.source, path: t.source.path },
        options: { threads },
      })
      expect(other.miner.derive()).toEqual(result.commitment)
      logs.push(blobsOf(other.at('data'), other.source.sourceId))
      await other.restore('out')
      expect((await compareTrees(t.root, other.at('out'))).differences, `${threads} threads`).toEqual([])
    }
    expect(logs[0]?.length).toBeGreaterThan(40)
    for (const log of logs) expect(log).toEqual(logs[0])
  })

  it('what is known already is not stored again, and what is new among it is', async () => {
    const t = setUp({ mib: 256 })
    mixedTree(t.root)
    await settle()
    const first = await t.backUp({ options: { threads: 4 } })
    const changed = noise(19 * MIB, 6)
    noise(MIB, 99).copy(changed, 7 * MIB)
    writeFileSync(join(t.root, 'large.bin'), changed)
    writeFileSync(join(t.root, 'large.log'), text(14 * MIB, 5)) // the same bytes, to be read again
    await settle()
    const second = await t.backUp({ options: { threads: 4 } })
    const grown = Number(second.commitment.size - first.commitment.size)
    expect(grown).toBeGreaterThan(MIB)
    expect(grown).toBeLessThan(10 * MIB)
    await t.restore('out')
    expect((await compareTrees(t.root, t.at('out'))).differences).toEqual([])
  })

  it('stopped in the middle it goes on, and every byte comes back', async () => {
    const t = setUp({ mib: 256 })
    mixedTree(t.root)
    await settle()
    for (const mib of [2, 9, 20, 30]) {
      const run = await startBackup({
        ...t.basics,
        target: t.miner.target,
        base: null,
        chain: CHAIN,
        // waits for a miner that takes nothing
        options: { threads: 4, sealFrom: 0, journalMs: 1, spoolLimit: (mib + 4) * MIB },
      })
      await run.waitSpooled(mib * MIB)
      await run.stop()
      expect((await failure(run.encoded)).code).toBe('INTERRUPTED')
    }
    await t.backUp({ options: { threads: 4 } })
    await t.restore('out')
    expect((await compareTrees(t.root, t.at('out'))).differences).toEqual([])
  })
})
