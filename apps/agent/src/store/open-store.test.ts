import { mkdtempSync, rmSync } from 'node:fs'
import files from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openStore, type Store } from './open-store.ts'

/** What `PRAGMA synchronous` says: FULL waits for the disk at each commit, NORMAL at none. */
const NORMAL = 1
const FULL = 2

let dir: string
let store: Store
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dmc-store-'))
  store = openStore(dir)
  store.db.exec('CREATE TABLE note (text TEXT)')
})
afterEach(() => {
  store.close()
  rmSync(dir, { recursive: true, force: true })
})

const level = () => store.db.prepare('PRAGMA synchronous').get()?.synchronous
const notes = () =>
  store.db
    .prepare('SELECT text FROM note')
    .all()
    .map(({ text }) => text)
const write = (text: string) => void store.db.prepare('INSERT INTO note VALUES (?)').run(text)

describe('transactions of the store', () => {
  it('wait for the disk', () => {
    const during = store.transaction(() => {
      write('kept')
      return level()
    })
    expect(during).toBe(FULL)
    expect(notes()).toEqual(['kept'])
  })

  it('do not wait for it where they are light, and the next one does again', () => {
    const during = store.lightTransaction(() => {
      write('light')
      return level()
    })
    expect(during).toBe(NORMAL)
    expect(level()).toBe(FULL)
    expect(notes()).toEqual(['light'])
  })

  it('a light one inside another is a part of it', () => {
    const during = store.transaction(() => {
      store.lightTransaction(() => write('inner'))
      return level()
    })
    expect(during).toBe(FULL)
    const failing = () =>
      store.transaction(() => {
        store.lightTransaction(() => write('lost'))
        throw new Error('on purpose')
      })
    expect(failing).toThrow('on purpose')
    expect(notes()).toEqual(['inner'])
  })

  it('tell why they failed also when that, as a full disk does, has rolled them back already', () => {
    store.db.exec('CREATE UNIQUE INDEX note_text ON note (text)')
    const failing = () =>
      store.transaction(() => {
        write('once')
        store.db.exec("INSERT OR ROLLBACK INTO note VALUES ('once')")
      })
    expect(failing).toThrow('UNIQUE constraint failed')
    expect(notes()).toEqual([])
    store.lightTransaction(() => write('after'))
    expect(level()).toBe(FULL)
    expect(notes()).toEqual(['after'])
  })

  it('are durable once they were waited for: the log is synced, in another thread', async () => {
    const { open } = files
    const synced: string[] = []
    files.open = async (...of) => {
      const file = await open(...of)
      const { datasync } = file
      file.datasync = async () => {
        await datasync.call(file)
        synced.push(String(of[0]))
      }
      return file
    }
    syncBuiltinESMExports()
    try {
      store.lightTransaction(() => write('light'))
      const waiting = store.settled()
      expect(synced).toEqual([])
      await waiting
      expect(synced).toEqual([join(dir, 'state.db-wal')])
    } finally {
      files.open = open
      syncBuiltinESMExports()
    }
  })

  it('can be waited for also when the store was closed meanwhile', async () => {
    store.lightTransaction(() => write('light'))
    await store.settled()
    const last = store.settled()
    store.close()
    await last
    await store.settled()
    store = openStore(dir)
    expect(notes()).toEqual(['light'])
  })

  it.each(['transaction', 'lightTransaction'] as const)(
    '%s that throws leaves nothing, and waits again',
    (kind) => {
      const failing = () =>
        store[kind](() => {
          write('lost')
          throw new Error('on purpose')
        })
      expect(failing).toThrow('on purpose')
      expect(notes()).toEqual([])
      expect(level()).toBe(FULL)
      store.transaction(() => write('after'))
      expect(notes()).toEqual(['after'])
    },
  )
})
