import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CHALLENGE_STATES,
  CONTRACT_STATES,
  ORDER_STATES,
  SECTOR_STATES,
  SOURCE_STATES,
} from '@dmc/core/market/states'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ENGINES, useDatabases } from '../test/databases.ts'
import { CHANGES_CHANNEL, noteChanges } from './changes/note-changes.ts'
import { pruneChanges } from './changes/prune-changes.ts'
import { readChanges } from './changes/read-changes.ts'
import { toBigint } from './exact.ts'
import * as enums from './generated/enums.ts'
import { migrate, readMigrations } from './migrate.ts'
import { type Database, notify } from './open-database.ts'
import { openPgliteEngine } from './pglite-engine.ts'
import { openPostgresEngine } from './postgres-engine.ts'

const MIGRATIONS = new URL('../../../prisma/migrations/', import.meta.url).pathname
const until = async (what: () => boolean) => {
  for (const end = Date.now() + 5_000; !what() && Date.now() < end; )
    await new Promise((go) => setTimeout(go, 5))
  expect(what()).toBe(true)
}

it('states are written once: the database has the ones of core', () => {
  expect(Object.keys(enums.OrderState)).toEqual(ORDER_STATES)
  expect(Object.keys(enums.ChallengeState)).toEqual(CHALLENGE_STATES)
  expect(Object.keys(enums.SourceState)).toEqual(SOURCE_STATES)
  expect(Object.keys(enums.SectorState)).toEqual(SECTOR_STATES)
  expect(Object.keys(enums.ContractState)).toEqual(CONTRACT_STATES)
})

describe.each(ENGINES)('a database on %s', (engine) => {
  const databases = useDatabases(engine)
  let db: Database
  beforeAll(async () => {
    db = await databases.open()
  })

  it('has every table and column that the client knows', async () => {
    const models = Object.entries(db.prisma).filter(
      ([name, value]) =>
        /^[a-z]/.test(name) && typeof value === 'object' && value !== null && 'findFirst' in value,
    )
    expect(models.length).toBeGreaterThan(25)
    for (const [, model] of models)
      expect(await (model as { findFirst(): Promise<unknown> }).findFirst()).toBeNull()
  })

  it('keeps amounts up to 2^256 - 1 exactly, sorts them as numbers and sums them', async () => {
    const amounts = [9n, 10n, 2n ** 53n + 1n, 2n ** 128n - 1n, 2n ** 256n - 1n]
    const row = {
      part: 0,
      account: 'exact',
      kind: 'escrow',
      credit: '-1',
      timestamp: 1n,
      transactionHash: '0x',
    }
    await db.prisma.payment.createMany({
      data: amounts
        .toReversed()
        .map((amount, i) => ({ ...row, blockNumber: 2n ** 62n, logIndex: i, amount: String(amount) })),
    })
    const read = await db.prisma.payment.findMany({ where: { account: 'exact' }, orderBy: { amount: 'asc' } })
    expect(read.map(({ amount }) => toBigint(amount))).toEqual(amounts)
    expect(read[0]?.blockNumber).toBe(2n ** 62n)
    const sum = await db.prisma.payment.aggregate({ where: { account: 'exact' }, _sum: { credit: true } })
    expect(sum._sum.credit === null ? null : toBigint(sum._sum.credit)).toBe(-5n)
  })

  it('a transaction happens wholly or not at all', async () => {
    const failing = db.transaction(async (tx) => {
      await tx.user.create({ data: { address: '0xhalf' } })
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(await db.prisma.user.findUnique({ where: { address: '0xhalf' } })).toBeNull()
  })

  it('tells listeners when a transaction commits, and nothing when it does not', async () => {
    const heard: (string | null)[] = []
    const stop = await db.listen('news', (payload) => heard.push(payload))
    await db
      .transaction((tx) => notify(tx, 'news', 'undone').then(() => Promise.reject(new Error('no'))))
      .catch(() => {})
    await db.transaction((tx) => notify(tx, 'news', 'done'))
    await db.notify('news', 'héllo')
    await until(() => heard.length >= 2)
    expect(heard).toEqual(['done', 'héllo'])
    await stop()
    await db.notify('news', 'unheard')
    await new Promise((go) => setTimeout(go, 50))
    expect(heard).toHaveLength(2)
    await expect(db.notify('x; DROP TABLE users', '')).rejects.toMatchObject({ code: 'BUG' })
  })

  it('changes become visible in the order of their ids, to their owner and for everybody', async () => {
    let told = 0
    await db.listen(CHANGES_CHANNEL, () => told++)
    const writers = Array.from({ length: 20 }, (_, i) =>
      db.transaction((tx) =>
        noteChanges(tx, [{ topic: 'order', key: String(i), owner: i % 2 === 0 ? null : '0xMe' }]),
      ),
    )
    const seen: bigint[] = []
    const reader = (async () => {
      for (let since = 0n; seen.length < 20; ) {
        const { changes, last } = await readChanges(db.prisma, { since, owner: '0xMe', limit: 3 })
        seen.push(...changes.map(({ id }) => id))
        since = last
      }
    })()
    await Promise.all(writers)
    await reader
    expect(seen).toEqual([...seen].sort((a, b) => (a < b ? -1 : 1)))
    expect(new Set(seen).size).toBe(20)
    await until(() => told > 0)
    const others = await readChanges(db.prisma, { since: 0n, owner: '0xOther' })
    expect(others.changes).toHaveLength(10)
    expect(others.missed).toBe(false)
    expect(await pruneChanges(db.prisma, new Date(Date.now() + 1_000))).toBe(19)
    expect((await readChanges(db.prisma, { since: seen[0] ?? 0n, owner: null })).missed).toBe(true)
    expect((await readChanges(db.prisma, { since: seen.at(-1) ?? 0n, owner: null })).missed).toBe(false)
  })

  it('a lease is one holder’s until it is released', async () => {
    const first = await db.tryLease('indexer')
    expect(first).not.toBeNull()
    expect(await db.tryLease('indexer')).toBeNull()
    const other = await db.tryLease('other')
    expect(other).not.toBeNull()
    await first?.release()
    const second = await db.tryLease('indexer')
    expect(second).not.toBeNull()
    await second?.release()
    await other?.release()
  })
})

describe.each(ENGINES)('migrations on %s', (engine) => {
  const databases = useDatabases(engine)
  const dir = mkdtempSync(join(tmpdir(), 'dmc-migrations-'))
  const engines: { close(): Promise<void> }[] = []
  afterAll(async () => {
    for (const opened of engines) await opened.close()
    rmSync(dir, { recursive: true, force: true })
  })
  const connect = async () => {
    // An empty database without our own migrations: a second URL, or memory.
    if (engine === 'postgresql') await databases.open()
    const opened =
      engine === 'pglite'
        ? await openPgliteEngine(undefined)
        : await openPostgresEngine(databases.url().replace(/[^/]*$/, 'template1'))
    engines.push(opened)
    return opened.connect()
  }

  it('are applied in order, once, each wholly or not at all, in Prisma’s own books', async () => {
    const connection = await connect()
    const step = (name: string, sql: string) => ({ name, sql, checksum: `sum of ${sql}` })
    const first = step('1_first', 'CREATE TABLE tried (x int); INSERT INTO tried VALUES (1);')
    const second = step('2_second', 'ALTER TABLE tried ADD y int; UPDATE tried SET y = 2;')
    expect(await migrate(connection, [first])).toEqual(['1_first'])
    const broken = step('3_broken', 'INSERT INTO tried VALUES (5, 5); SELECT 1 / 0;')
    await expect(migrate(connection, [first, second, broken])).rejects.toThrow('division by zero')
    expect(await connection.query('SELECT * FROM tried')).toEqual([{ x: 1, y: 2 }])
    expect(await migrate(connection, [first, second])).toEqual([])
    const books = await connection.query(
      'SELECT migration_name, checksum, applied_steps_count, finished_at IS NULL AS open FROM "_prisma_migrations" ORDER BY 1',
    )
    expect(books).toEqual([
      { migration_name: '1_first', checksum: first.checksum, applied_steps_count: 1, open: false },
      { migration_name: '2_second', checksum: second.checksum, applied_steps_count: 1, open: false },
    ])
    const unknown = migrate(connection, [first])
    await expect(unknown).rejects.toMatchObject({ code: 'DATABASE_VERSION' })
    const altered = migrate(connection, [first, { ...second, checksum: 'another' }])
    await expect(altered).rejects.toMatchObject({ code: 'DATABASE_VERSION' })
    await connection.script('UPDATE "_prisma_migrations" SET finished_at = NULL')
    await expect(migrate(connection, [first, second])).rejects.toMatchObject({ code: 'DATABASE_VERSION' })
    await connection.script('DROP TABLE tried; DROP TABLE "_prisma_migrations"')
    await connection.release()
  })

  it('checksums are those of Prisma: SHA-256 of the file', () => {
    writeFileSync(join(dir, 'not-a-migration.txt'), '')
    const names = readdirSync(MIGRATIONS).filter((name) => /^\d+_/.test(name))
    const read = readMigrations(MIGRATIONS)
    expect(read.map(({ name }) => name)).toEqual(names.sort())
    for (const { name, sql, checksum } of read) {
      expect(sql).toBe(readFileSync(join(MIGRATIONS, name, 'migration.sql'), 'utf8'))
      expect(checksum).toMatch(/^[0-9a-f]{64}$/)
    }
  })
})

describe('several processes on one PostgreSQL', () => {
  const databases = useDatabases('postgresql')

  it('migrate at once without harm, hear each other, elect one, and hear again after the connection broke', async () => {
    const one = await databases.open()
    await one.prisma.$executeRaw`DROP SCHEMA public CASCADE`
    await one.prisma.$executeRaw`CREATE SCHEMA public`
    const [two, three] = await Promise.all([databases.again(), databases.again()])
    const heard: (string | null)[] = []
    await three.listen('news', (payload) => heard.push(payload))
    await two.notify('news', 'from two')
    await until(() => heard.length === 1)

    const lease = await two.tryLease('indexer')
    expect(await three.tryLease('indexer')).toBeNull()
    await one.prisma
      .$queryRaw`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()`
    await until(() => lease?.lost.aborted === true)
    expect(await three.tryLease('indexer')).not.toBeNull()
    await until(() => heard.includes(null))
    await one.notify('news', 'again')
    await until(() => heard.at(-1) === 'again')
  })

  it('says that a server is not there, without the password', async () => {
    const { openDatabase } = await import('./open-database.ts')
    const opening = openDatabase({ url: 'postgresql://me:secret@127.0.0.1:9/none' })
    await expect(opening).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' })
    await opening.catch((error: Error) => expect(`${error.message}`).not.toContain('secret'))
  })
})
