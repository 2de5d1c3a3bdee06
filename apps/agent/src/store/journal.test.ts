import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openJournal } from './journal.ts'
import { openStore } from './open-store.ts'

it('an entry waits for the disk when it warns, not when all went well; each is there at once, in order', () => {
  const dir = mkdtempSync(join(tmpdir(), 'dmc-journal-'))
  const store = openStore(dir)
  try {
    let light = 0
    const journal = openJournal({
      ...store,
      lightTransaction(work) {
        light++
        return store.lightTransaction(work)
      },
    })
    const heard: number[] = []
    journal.onEntry(({ seq }) => heard.push(seq))
    journal.add({ event: 'done', message: 'Done.' })
    expect(light).toBe(1)
    journal.add({ level: 'warning', event: 'late', message: 'Late.' })
    journal.add({ level: 'error', event: 'lost', message: 'Lost.' })
    expect(light).toBe(1)
    // of something bigger it is a part
    store.transaction(() => journal.add({ event: 'told', message: 'Told.' }))
    expect(journal.list().map(({ seq, level, event }) => [seq, level, event])).toEqual([
      [1, 'info', 'done'],
      [2, 'warning', 'late'],
      [3, 'error', 'lost'],
      [4, 'info', 'told'],
    ])
    expect(heard).toEqual([1, 2, 3, 4])
  } finally {
    store.close()
    rmSync(dir, { recursive: true, force: true })
  }
})
