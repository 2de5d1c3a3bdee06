import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeDataSet } from '../bench/data-sets.ts'
import { inTurn, leave } from '../bench/in-turn.ts'
import { folderBytes } from '../bench/measure.ts'
import { findPeers } from '../bench/peers.ts'
import { memoryFigures, shownFigure, speedFigures, storedFigure } from '../bench/promised.ts'
import { watchCommitments } from '../bench/watch-commitments.ts'
import { prepareCall } from '../packages/core/src/chain/acts/prepare.ts'
import { Data, Story, user } from '../packages/core/test/evidence/story.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dmc-bench-test-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('the small set', () => {
  it('is the same each time: files of 1 B to 300 KiB, about 12 KiB each, half of them text', () => {
    const FILES = 1_500
    const [one, two] = ['one', 'two'].map((name) => join(folder, name)) as [string, string]
    const bytes = makeDataSet(one, 'small', FILES, FILES)
    expect(makeDataSet(two, 'small', FILES, FILES)).toBe(bytes)
    expect(folderBytes(one)).toBe(bytes)
    const files = readdirSync(one, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name).slice(one.length))
    expect(files).toHaveLength(FILES)
    let text = 0
    const sizes = files.map((file) => {
      const content = readFileSync(join(one, file))
      expect(content.equals(readFileSync(join(two, file)))).toBe(true)
      if (/^[a-z\n ]*$/.test(content.toString('latin1'))) text++
      return content.length
    })
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(1)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(300 * 1024)
    expect(bytes / FILES).toBeGreaterThan(9 * 1024)
    expect(bytes / FILES).toBeLessThan(17 * 1024)
    // the shortest of the random ones may look like text
    expect(text).toBeGreaterThanOrEqual(FILES / 2)
    expect(text).toBeLessThan(FILES / 2 + 20)
  })
})

describe('a bench’s contestants', () => {
  it('are chosen by name; one that there is not is named, with those that there are', () => {
    const bench = join(import.meta.dirname, '../bench/bench.ts')
    const { status, stderr } = spawnSync(process.execPath, [bench, 'backup', '--peers', 'restic,brog'])
    expect(status).not.toBe(0)
    expect(String(stderr)).toContain('--peers is none, or some of openssl,restic,borg,rsync,rclone, not brog')
    expect(findPeers(['borg', 'none']).map(({ name }) => name)).toEqual(['borg'])
    expect(findPeers(['none'])).toEqual([])
    expect(findPeers(null)).toHaveLength(4)
  })

  it('come in turn, and every other round the other way round', () => {
    const rounds = [0, 1, 2].map((round) => inTurn(['dmc', 'restic', 'borg'], round).join(' '))
    expect(rounds).toEqual(['dmc restic borg', 'borg restic dmc', 'dmc restic borg'])
  })

  it('leave what they made until the end, unless the disk gets short', () => {
    const made = join(folder, 'made')
    mkdirSync(made)
    leave(made, 1)
    expect(existsSync(made)).toBe(true)
    leave(made, 2 ** 60)
    expect(existsSync(made)).toBe(false)
  })
})

describe('a bench’s figures', () => {
  const peer = (name: string, wall_s: number) => ({ name, version: '1', wall_s, rss_mib: 100 })
  const peers = [peer('restic', 6.4), peer('borg', 6), peer('rsync', 2)]
  const told = (job: Parameters<typeof speedFigures>[0], data: 'random' | 'text' | 'small', size: number) =>
    speedFigures(job, { data, size }, 'native', 4, peers).map(({ limit, ok }) => [limit, ok])

  it('hold what was promised, each tier its own', () => {
    expect(told('backup', 'random', 1024)).toEqual([
      ['at least 2', false],
      ['at least 1.5', true],
    ])
    const portable = speedFigures('backup', { data: 'random', size: 1024 }, 'portable', 4, peers)
    expect(portable.map(({ limit, ok }) => [limit, ok])).toEqual([
      ['at least 1.5', true],
      ['at least 1.5', true],
    ])
    expect(told('backup', 'small', 20_000)).toEqual([
      ['at least 3', false],
      ['at least 2', false],
    ])
    expect(told('rebackup', 'random', 1024)).toEqual([['at least 3', false]])
    expect(told('rebackup', 'small', 20_000)).toEqual([['at least 3', false]])
    expect(told('restore', 'random', 1024)).toEqual([['at least 2.5', false]])
    expect(told('restore', 'small', 20_000)).toEqual([['at least 1', true]])
  })

  it('promise nothing of a shorter run or of other data, and say so', () => {
    expect(told('backup', 'random', 64)).toEqual([
      ['shown; promised for 1 GiB', true],
      ['shown; promised for 1 GiB', true],
    ])
    expect(told('restore', 'text', 1024)).toEqual([
      ['shown; promised for random data and for small files', true],
    ])
  })

  it('show what comes before and after what is promised beside it, under names of their own', () => {
    expect(shownFigure('backup, read to delivered', 3.2, peers)).toMatchObject([
      { name: "backup, read to delivered: restic's time / ours", value: 2, limit: 'shown' },
    ])
    expect(shownFigure('re-backup, read to confirmed', 8, peers)).toMatchObject([{ value: 0.8, ok: true }])
    expect(shownFigure('backup, read to confirmed', 3, [])).toEqual([])
  })

  it('hold stored bytes of text to 1.02 of restic’s, and memory to 1.5', () => {
    const stored = [{ ...peer('restic', 1), stored_bytes: 1000 }]
    const ok = (bytes: number) => storedFigure({ data: 'text', size: 1024 }, bytes, stored)[0]?.ok
    expect([ok(1020), ok(1021)]).toEqual([true, false])
    expect(storedFigure({ data: 'random', size: 1024 }, 2000, stored)).toMatchObject([{ value: 2, ok: true }])
    const rounds = [
      { user_peak_mib: 120, miner_peak_mib: 199 },
      { user_peak_mib: 150, miner_peak_mib: 90 },
    ]
    expect(memoryFigures(rounds, stored).map(({ value, ok }) => [value, ok])).toEqual([
      [150, true],
      [1.5, true],
      [199, true],
      [1.99, false],
    ])
  })
})

describe('the moment an order is active', () => {
  it('is when a block holds both statements, for the first commitment and each later one; one side alone is none', async () => {
    const story = await Story.start()
    try {
      const orderId = await story.order()
      const [first, second, alone] = [new Data(1, 40), new Data(2, 60), new Data(3, 90)].map(
        ({ commitment }) => commitment,
      ) as [Data['commitment'], Data['commitment'], Data['commitment']]
      const watch = watchCommitments(story.net)
      const spans: { from: number; to: number }[] = []
      const started = performance.now()
      const now = () => (performance.now() - started) / 1000
      for (const commitment of [first, second]) {
        await new Promise((resolve) => setTimeout(resolve, 300))
        const from = now()
        await story.agree(orderId, commitment)
        spans.push({ from, to: now() })
      }
      await story.send(user.address, prepareCall(story.net.market, orderId, 'user', alone))
      await new Promise((resolve) => setTimeout(resolve, 300))
      await watch.stop()
      for (const [i, commitment] of [first, second].entries()) {
        const { from, to } = spans[i] as { from: number; to: number }
        expect(watch.seconds(commitment.root)).toBeGreaterThan(from)
        // a busy machine looks later
        expect(watch.seconds(commitment.root)).toBeLessThan(to + 2)
      }
      expect(() => watch.seconds(alone.root)).toThrow(/No block has brought/)
    } finally {
      await story.net.stop()
    }
  })
})
