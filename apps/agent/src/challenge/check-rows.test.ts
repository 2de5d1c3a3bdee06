import { join } from 'node:path'
import { CHECK_OUTCOMES } from '@dmc/core/challenge/outcomes'
import { afterEach, describe, expect, it } from 'vitest'
import { useTempFolders } from '../../test/support/temp-folder.ts'
import { openStore, type Store } from '../store/open-store.ts'
import { addCheck, addPlan, findPlan, listChecks, noteCommitment, setNextCheck } from './check-rows.ts'

const tempFolder = useTempFolders()
const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** A store that says which of its transactions wait for the disk. */
async function given() {
  const store = openStore(join(await tempFolder(), 'data'))
  closing.push(() => store.close())
  const kinds: ('durable' | 'light')[] = []
  const spied: Store = {
    ...store,
    transaction(work) {
      kinds.push('durable')
      return store.transaction(work)
    },
    lightTransaction(work) {
      kinds.push('light')
      return store.lightTransaction(work)
    },
  }
  return { store: spied, kinds }
}

const orderId = 7n
const root = `0x${'11'.repeat(32)}`
const other = `0x${'22'.repeat(32)}`

describe('rows of checks', () => {
  it.each(CHECK_OUTCOMES)(
    'one that is %s is kept, and waits for the disk unless it was passed',
    async (outcome) => {
      const { store, kinds } = await given()
      const added = addCheck(store, {
        ...{ orderId, atMs: 1, kind: 'leaves', why: 'schedule', root, size: 1024n, leaves: 1, bytes: 1024 },
        ...{ outcome, latencyMs: 1.6, error: null, evidence: null },
      })
      expect(listChecks(store, orderId, 10)).toEqual([added])
      expect(kinds).toEqual([outcome === 'passed' ? 'light' : 'durable'])
    },
  )

  it('when the next one comes waits for no disk', async () => {
    const { store, kinds } = await given()
    addPlan(store, orderId, { phaseMs: 5, nextMs: 6 })
    addPlan(store, orderId, { phaseMs: 50, nextMs: 60 })
    setNextCheck(store, orderId, 9)
    expect(findPlan(store, orderId)).toMatchObject({ phaseMs: 5, nextMs: 9 })
    expect(new Set(kinds)).toEqual(new Set(['light']))
  })

  it('a commitment counts from when it was first seen, and is written when it is another one', async () => {
    const { store, kinds } = await given()
    addPlan(store, orderId, { phaseMs: 5, nextMs: 6 })
    kinds.length = 0
    expect(noteCommitment(store, orderId, { root, size: 1024n }, 100)).toBe(100)
    expect(noteCommitment(store, orderId, { root, size: 1024n }, 200)).toBe(100)
    expect(kinds).toEqual(['light'])
    expect(noteCommitment(store, orderId, { root, size: 2048n }, 300)).toBe(300)
    expect(noteCommitment(store, orderId, { root: other, size: 2048n }, 400)).toBe(400)
    expect(findPlan(store, orderId)).toMatchObject({ root: other, size: 2048n, sinceMs: 400 })
    expect(kinds).toEqual(['light', 'light', 'light'])
    expect(noteCommitment(store, 8n, { root, size: 1024n }, 500)).toBe(500)
    expect(findPlan(store, 8n)).toBeNull()
  })
})
