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
     VALUES (1, 'ab', 1, 1, NULL, ?, ?, 1)`,
  ).run(base, spooled)
  db.exec('PRAGMA user_version = 1')
  db.close()
  return file
}

describe('the cache of an older agent', () => {
  it.each([
    ['whole chunks of what was spooled', 0, 5 * MIB + 1000, 5 * MIB],
    ['nothing below the base', 5 * MIB + 10, 5 * MIB + 1000, 5 * MIB + 10],
  ])('goes on: all that was spooled was synced, so %s is safe', (_name, base, spooled, safe) => {
    const file = versionOne(spooled, base)
    for (let opened = 0; opened < 2; opened++) {
      const db = openLogDb(file)
      expect(readSession(db)).toMatchObject({ id: 'ab', spooled, safe, boot: '', tail: null })
      expect(db.prepare('PRAGMA user_version').get()).toEqual({ user_version: 2 })
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
