import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openJournal } from '../store/journal.ts'
import { openStore, type Store } from '../store/open-store.ts'
import { openAlarms } from './alarms.ts'
import { openHealthServer } from './health-server.ts'

let folder: string
let store: Store
const start = () => {
  store = openStore(folder)
  const journal = openJournal(store)
  return { journal, alarms: openAlarms(store, journal) }
}
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dmc-alarms-'))
})
afterEach(() => {
  store.close()
  rmSync(folder, { recursive: true, force: true })
})

const gas = (message: string, level: 'warning' | 'error' = 'warning') => ({
  key: 'gas',
  level,
  subject: '',
  message,
  hint: 'Send some.',
})

describe('alarms', () => {
  it('are told once when they begin, again when they get worse, and once when they are over', () => {
    const { journal, alarms } = start()
    alarms.raise(gas('3 left.'))
    alarms.raise(gas('2 left.'))
    alarms.raise(gas('2 left.'))
    expect(journal.list().map(({ message }) => message)).toEqual(['3 left. Send some.'])
    expect(alarms.list()).toMatchObject([{ key: 'gas', level: 'warning', message: '2 left.' }])
    alarms.raise(gas('0 left.', 'error'))
    alarms.raise(gas('1 left.'))
    expect(journal.list().map(({ level }) => level)).toEqual(['warning', 'error'])
    alarms.clear('gas', 'There is gas again.')
    alarms.clear('gas', 'There is gas again.')
    expect(journal.list().at(-1)).toMatchObject({ event: 'alarm-over', message: 'There is gas again.' })
    expect(journal.list()).toHaveLength(3)
    expect(alarms.list()).toEqual([])
  })

  it('stand over a restart, and are not told again by it', () => {
    const before = start()
    before.alarms.raise(gas('3 left.'))
    const since = before.alarms.list()[0]?.sinceMs
    store.close()
    const { journal, alarms } = start()
    alarms.raise(gas('2 left.'))
    expect(journal.list()).toHaveLength(1)
    expect(alarms.list()[0]?.sinceMs).toBe(since)
  })

  it('are listed with errors first, then by age', () => {
    const { alarms } = start()
    for (const key of ['a', 'b']) alarms.raise({ ...gas('x'), key })
    alarms.raise({ ...gas('x', 'error'), key: 'c' })
    expect(alarms.list().map(({ key }) => key)).toEqual(['c', 'a', 'b'])
  })
})

describe('health endpoint', () => {
  it('says so when its port is taken', async () => {
    start()
    const health = () => ({ ok: true, version: '1', uptimeSeconds: 1, alarms: [] })
    const first = await openHealthServer(0, health)
    await expect(openHealthServer(first.port, health)).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    expect((await fetch(`http://127.0.0.1:${first.port}/health`, { method: 'HEAD' })).status).toBe(200)
    await first.close()
  })
})
