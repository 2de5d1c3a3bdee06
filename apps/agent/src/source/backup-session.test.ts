import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { nodeLogCrypto } from '@dmc/core/log/node-log-crypto'
import { describe, expect, it, vi } from 'vitest'
import { compareTrees } from './compare-trees.ts'
import { startBackup } from './start-backup.ts'
import { countProbes, giveBackProbe, takeProbe } from './take-probe.ts'
import { CHAIN } from './test/file-miner.ts'
import { makeTree, noise, settle } from './test/make-tree.ts'
import { failure, MIB, setUp } from './test/set-up.ts'

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

  it('whose thread can’t be started, as the agent was upgraded, keeps no later one out', async () => {
    const t = setUp()
    makeTree(t.root)
    const start = () => startBackup({ ...t.basics, target: t.miner.target, base: null, chain: CHAIN })
    vi.stubGlobal('__DMC_WORKERS__', 'dmc-worker-OTHER.mjs')
    try {
      expect((await failure(start())).code).toBe('AGENT_UPGRADED')
      expect((await failure(start())).code).toBe('AGENT_UPGRADED')
    } finally {
      vi.unstubAllGlobals()
    }
    const run = await start()
    await t.miner.take(run)
    await run.stop()
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

  it('killed when rows were ahead of bytes forgets those rows: nothing points behind what is durable', async () => {
    const t = setUp({ mib: 128 })
    writeFileSync(join(t.root, 'large'), noise(48 * MIB, 1))
    const start = (options = {}) =>
      startBackup({ ...t.basics, target: t.miner.target, base: null, chain: CHAIN, options })
    // a session that is over has no rows to forget: this one waits for a miner that takes nothing
    const run = await start({ spoolLimit: 16 * MIB })
    await run.waitSpooled(8 * MIB)
    await run.stop()
    // as a kill leaves them: the rows of what was encoded but not yet written are there
    const db = new DatabaseSync(t.at(`data/sources/${t.source.sourceId}/log.db`))
    const { spooled, gen } = db.prepare('SELECT spooled, gen FROM session').get() as Record<string, number>
    const blob = db.prepare(
      'INSERT INTO blob (id, volume, offset, stored, plain, gen) VALUES (?, 1, ?, 9000, 9000, ?)',
    )
    blob.run(new Uint8Array(32).fill(1), (spooled ?? 0) - 1, gen ?? 0)
    blob.run(new Uint8Array(32).fill(2), (spooled ?? 0) + 100_000, gen ?? 0)
    db.prepare(
      'INSERT INTO probe (volume, offset, length, key, mac, gen) VALUES (1, ?, 1048576, ?, ?, ?)',
    ).run(spooled ?? 0, new Uint8Array(32), new Uint8Array(32), gen ?? 0)
    db.close()
    const next = await start()
    const result = await t.miner.take(next)
    expect(t.miner.derive()).toEqual(result.commitment)
    await next.committed(result.commitment)
    t.miner.commitment = result.commitment
    const after = new DatabaseSync(t.at(`data/sources/${t.source.sourceId}/log.db`), { readOnly: true })
    expect(after.prepare('SELECT count(*) AS n FROM blob WHERE stored = 9000').get()).toEqual({ n: 0 })
    for (const probe of after.prepare('SELECT offset, length, key, mac FROM probe').all()) {
      const { offset, length, key, mac } = probe as {
        offset: number
        length: number
        key: Uint8Array
        mac: Uint8Array
      }
      const data = await t.miner.read(t.miner.target.volumeId, offset, length)
      expect(Buffer.from(nodeLogCrypto.hmac(key, data)).equals(mac)).toBe(true)
    }
    after.close()
    await t.restore('out')
    expect((await compareTrees(t.root, t.at('out'))).count).toBe(0)
  })

  it('goes on while probes are taken and given back', async () => {
    const t = setUp({ mib: 128 })
    writeFileSync(join(t.root, 'large'), noise(20 * MIB, 1))
    await settle()
    await t.backUp()
    const log = t.at(`data/sources/${t.source.sourceId}/log.db`)
    const { volumeId } = t.miner.target
    const commitment = t.miner.commitment
    if (!commitment) throw new Error('no commitment')
    expect(countProbes(log, volumeId, commitment)).toBeGreaterThan(0)
    let turns = 0
    for (let round = 0; round < 8; round++) {
      for (let i = 0; i < 40; i++)
        writeFileSync(join(t.root, `${round} ${i}`), noise(150_000, round * 100 + i))
      let over = false
      const backup = t.backUp().finally(() => {
        over = true
      })
      while (!over) {
        const taken = takeProbe(log, volumeId, commitment, Math.random)
        if (taken) {
          giveBackProbe(log, taken.n)
          turns++
        }
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
      await backup
    }
    expect(turns).toBeGreaterThan(0)
    await t.restore('out')
    expect((await compareTrees(t.root, t.at('out'))).differences).toEqual([])
  }, 120_000)

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
    // it stands still long before the end: nobody takes anything
    let held = 0
    for (let still = 0; still < 5; ) {
      still = run.spooledSize === held ? still + 1 : 0
      held = run.spooledSize
      await new Promise((resolve) => setTimeout(resolve, 300))
    }
    expect(held).toBeLessThan(24 * MIB + 8 * MIB)
    // and while it waits, which may take hours, others can take probes
    const other = new DatabaseSync(t.at(`data/sources/${t.source.sourceId}/log.db`), { timeout: 0 })
    other.exec('BEGIN IMMEDIATE; ROLLBACK')
    other.close()
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
