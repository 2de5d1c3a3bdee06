import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, describe, expect, it } from 'vitest'
import { tempFolder } from '../test/make-tree.ts'
import { openLogDb, readSession } from './log-db.ts'

const MIB = 1024 * 1024
const temps: ReturnType<typeof tempFolder>[] = []
afterEach(() => {
  for (const { cleanUp } of temps.splice(0)) cleanUp()
})

/** As version 1 of the agent left it: the columns that it had, a session in work. */
function versionOne(spooled: number, base: number): string {
  const temp = tempFolder()
  temps.push(temp)
  const file = join(temp.path, 'log.db')
  openLogDb(file).close()
  const db = new DatabaseSync(file)
  for (const column of ['boot', 'tail', 'safe']) db.exec(`ALTER TABLE session DROP COLUMN ${column}`)
  db.exec(`INSERT INTO volume (id, number, key_epoch, max_size, chain_id, market, orders)
           VALUES (x'01', 0, 0, 1000000000, 31337, x'aa', '["1"]')`)
  db.prepare(
    `INSERT INTO session (one, id, volume, gen, base_root, base_size, spooled, started)
     VALUES (1, 'ab', 1, 2, NULL, ?, ?, 1)`,
  ).run(base, spooled)
  for (const gen of [1, 2]) {
    db.exec(
      `INSERT INTO blob (id, volume, offset, stored, plain, gen) VALUES (x'0${gen}', 1, ${gen}000, 10, 10, ${gen})`,
    )
    db.exec(`INSERT INTO probe (volume, offset, length, key, mac, gen) VALUES (1, 0, 10, x'', x'', ${gen})`)
  }
  db.exec('PRAGMA user_version = 1')
  db.close()
  return file
}

describe('the cache of an older agent', () => {
  it('goes on without the session in work, whose spool was laid out otherwise; what is in force stays', () => {
    const file = versionOne(5 * MIB, 2 * MIB)
    for (let opened = 0; opened < 2; opened++) {
      const db = openLogDb(file)
      expect(readSession(db)).toBe(null)
      expect(db.prepare('SELECT gen FROM blob ORDER BY gen').all()).toEqual([{ gen: 1 }])
      expect(db.prepare('SELECT gen FROM probe ORDER BY gen').all()).toEqual([{ gen: 1 }])
      expect(db.prepare('PRAGMA user_version').get()).toEqual({ user_version: 2 })
      expect(
        db
          .prepare('PRAGMA table_info(session)')
          .all()
          .map(({ name }) => name),
      ).toContain('safe')
      db.close()
    }
  })

  it('of a newer agent is left alone', () => {
    const file = versionOne(0, 0)
    const db = new DatabaseSync(file)
    db.exec('PRAGMA user_version = 3')
    db.close()
    expect(() => openLogDb(file)).toThrow(expect.objectContaining({ code: 'DATA_DIR_VERSION' }))
  })
})
