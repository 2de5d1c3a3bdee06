import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { AgentProcess } from '@dmc/testkit/agent-process'
import { beforeAll, describe, expect, it } from 'vitest'
import { statementsOf } from '../flows/support/chain.ts'
import { makeTree } from '../flows/support/make-tree.ts'
import {
  addSource,
  backUp,
  MIB,
  mustRestoreEqual,
  placeOrder,
  setUp,
  startMiner,
} from '../flows/support/steps.ts'
import { call, journalOf, until, useWorld } from '../flows/support/world.ts'
import { mustFail } from './support/expect-error.ts'

/** What the agent keeps on its own disk: written by a newer agent, damaged, in use, or written wrongly by hand. */
const world = useWorld()
let miner: AgentProcess
let user: AgentProcess
let sectorPath: string
let sectorId: string
let source: string
let sourceId: string
let orderId: bigint

beforeAll(async () => {
  await world.start()
  ;[miner, user] = await Promise.all([world.agent('miner', { plainHttp: true }), world.agent('user')])
  const [, theirs] = await Promise.all([setUp(world, user), startMiner(world, miner, { size: 64n * MIB })])
  ;({ sectorPath, sectorId } = theirs)
  await user.start()
  source = makeTree(join(world.folder, 'my files'), 'state', 4_000_000)
  sourceId = await addSource(user, source, 'mine')
})

/** The file with another content for the time of `work`; it must come out of it as it went in. */
async function damaged(
  file: string,
  damage: (file: string) => void,
  work: () => Promise<unknown>,
): Promise<void> {
  const kept = `${file} kept`
  copyFileSync(file, kept)
  for (const more of ['-wal', '-shm']) rmSync(file + more, { force: true })
  damage(file)
  const before = readFileSync(file)
  try {
    await work()
    expect(readFileSync(file).equals(before), `${file} is left as it was found`).toBe(true)
  } finally {
    for (const more of ['-wal', '-shm']) rmSync(file + more, { force: true })
    copyFileSync(kept, file)
    rmSync(kept)
  }
}

const fromTheFuture = (file: string) => {
  const db = new DatabaseSync(file)
  db.exec('PRAGMA journal_mode = DELETE; PRAGMA user_version = 900; PRAGMA journal_mode = WAL')
  db.close()
}
const scribbled = (file: string) => {
  const bytes = readFileSync(file)
  bytes.fill(0x5a, 0, 100)
  writeFileSync(file, bytes)
}

describe('before there is anything to restore', () => {
  it('a wallet without orders, and an order without a backup, say so; no folder is made', async () => {
    const to = join(world.folder, 'nothing')
    const restore = ['restore', 'latest', '--source', 'mine', '--to', to]
    const none = await mustFail(user, ['recover'], 'NOTHING_TO_RESTORE', ['no orders'])
    expect(none.hint).toContain('wallet')
    ;({ orderId } = await placeOrder(user, sourceId, { capacityMib: 8n }))
    await mustFail(user, restore, 'NOTHING_TO_RESTORE', [/order|snapshot/])
    await mustFail(user, ['recover'], 'NOTHING_TO_RESTORE', ['1'])
    expect(existsSync(to)).toBe(false)
    await backUp(user, sourceId)
  })
})

describe('the data folder', () => {
  it('is in use: the process that has it is named, and goes on', async () => {
    await mustFail(user, ['run'], 'DATA_DIR_LOCKED', [`${user.pid}`, user.dataDir])
    expect(user.running).toBe(true)
    expect((await call(user, 'status.get', {})).sources).toHaveLength(1)
  })

  it('was written by a newer agent: refused, not converted', async () => {
    await user.stop()
    const file = join(user.dataDir, 'state.db')
    await damaged(file, fromTheFuture, async () => {
      for (const command of [['run'], ['source', 'list'], ['backup', 'mine']]) {
        const said = await mustFail(user, command, 'DATA_DIR_VERSION', [file, '900'])
        expect(said.hint).toMatch(/upgrade/i)
      }
    })
  })

  it('is damaged: refused, and nothing is made in its place', async () => {
    const file = join(user.dataDir, 'state.db')
    await damaged(file, scribbled, async () => {
      for (const command of [['run'], ['source', 'list']]) {
        const said = await mustFail(user, command, 'STORE_CORRUPT', [file])
        expect(said.hint).toMatch(/recover/)
      }
    })
    await user.start()
    expect((await call(user, 'source.list', {})).sources).toMatchObject([{ sourceId, snapshots: 1 }])
  })

  it('holds a source’s cache that is newer: the backup says so and sends nothing', async () => {
    await user.stop()
    const file = join(user.dataDir, 'sources', sourceId, 'log.db')
    const before = await statementsOf(world.devnet, orderId)
    writeFileSync(join(source, 'new.txt'), 'new\n')
    await damaged(file, fromTheFuture, () =>
      mustFail(user, ['backup', 'mine'], 'DATA_DIR_VERSION', [file, '900']),
    )
    expect(await statementsOf(world.devnet, orderId)).toEqual(before)
  })

  it('holds a source’s cache that is damaged: kept apart, made again from the log, and only what is new is stored', async () => {
    const file = join(user.dataDir, 'sources', sourceId, 'log.db')
    for (const more of ['-wal', '-shm']) rmSync(file + more, { force: true })
    scribbled(file)
    const found = readFileSync(file)
    await user.start()
    const { snapshot, unchanged } = await backUp(user, sourceId)
    expect(readFileSync(`${file}.damaged`).equals(found)).toBe(true)
    expect(unchanged).toBe(false)
    expect(snapshot.addedBytes).toBeLessThan(500_000)
    const told = (await journalOf(user)).find(({ message }) => message.includes('has damaged'))
    expect(told?.level).toBe('warning')
    await mustRestoreEqual(user, 'latest', source, join(world.folder, 'after the rebuild'), sourceId)
  })
})

describe('a sector’s journal', () => {
  it.each([
    ['written by a newer agent', fromTheFuture, 'DATA_DIR_VERSION', /900/],
    ['damaged', scribbled, 'SECTOR_DAMAGED', /sector\.db/],
  ] as const)(
    '%s: said loudly, nothing of the orders is touched, and it serves once it is back',
    async (_, damage, code, says) => {
      await miner.stop()
      const file = join(sectorPath, 'sector.db')
      const data = join(sectorPath, 'orders', `${orderId}.data`)
      const before = readFileSync(data)
      await damaged(file, damage, async () => {
        await miner.start()
        const told = await until('the miner to say so', async () =>
          (await journalOf(miner)).find(
            ({ subject, data: more }) =>
              subject === `order:${orderId}` && (more as { code?: string }).code === code,
          ),
        )
        expect(told.level).toBe('error')
        expect(told.message).toMatch(says)
        const to = join(world.folder, `refused ${code}`)
        const result = await user.cli(['restore', 'latest', '--source', 'mine', '--to', to, '--json'])
        expect(result.exitCode).not.toBe(0)
        await mustFail(miner, ['sector', 'remove', sectorId], 'SECTOR_IN_USE', [sectorId])
        await miner.stop()
      })
      expect(readFileSync(data).equals(before)).toBe(true)
      await miner.start()
      await mustRestoreEqual(user, 'latest', source, join(world.folder, `back ${code}`), sourceId)
    },
  )
})

describe('the configuration file', () => {
  it('with a comma too many, an unknown key, a value that is none: where, what, and the nearest key', async () => {
    const file = join(miner.dataDir, 'config.json')
    const before = existsSync(file) ? readFileSync(file, 'utf8') : null
    const wrong = async (text: string, values: (string | RegExp)[]) => {
      writeFileSync(file, text, { mode: 0o600 })
      const said = await mustFail(miner, ['config', 'list'], 'CONFIG_INVALID', values)
      expect(readFileSync(file, 'utf8')).toBe(text)
      return said
    }
    try {
      await wrong('{\n  "logLevel": "info",,\n}', [file, 'line 2, column 22'])
      const near = await wrong('{"chain": {"markt": "0x"}}', [file, 'markt'])
      expect(near.hint).toContain('chain.market')
      await wrong('{"listen": {"port": 80}}', ['80'])
      await wrong('{"spoolLimit": "10GBB"}', ['spoolLimit'])
    } finally {
      if (before === null) rmSync(file)
      else writeFileSync(file, before)
    }
  })
})
