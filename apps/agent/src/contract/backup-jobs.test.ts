import { DmcError } from '@dmc/core/errors/dmc-error'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { useTempFolders } from '../../test/support/temp-folder.ts'
import { openStore, type Store } from '../store/open-store.ts'
import { finishBackupJob, lastBackupJob, openBackupJob, runningBackupJobs } from './backup-jobs.ts'

const tempFolder = useTempFolders()
let folder: string
let store: Store

beforeEach(async () => {
  folder = await tempFolder()
  store = openStore(folder)
})
afterEach(() => store.close())

describe('backup jobs', () => {
  it('a backup asked for twice is one job', () => {
    const first = openBackupJob(store, 'photos', 1n)
    const again = openBackupJob(store, 'photos', 1n)
    expect(first).toMatchObject({ state: 'running', resumed: false, orderId: 1n, finishedAt: null })
    expect(again).toEqual({ ...first, resumed: true })
    expect(openBackupJob(store, 'letters', 1n).jobId).not.toBe(first.jobId)
  })

  it('is there after a kill, and is about the order that it goes on in', () => {
    const first = openBackupJob(store, 'photos', 1n)
    store.close()
    store = openStore(folder)
    expect(runningBackupJobs(store)).toMatchObject([{ jobId: first.jobId, orderId: 1n }])
    expect(openBackupJob(store, 'photos', 2n)).toMatchObject({
      jobId: first.jobId,
      orderId: 2n,
      resumed: true,
    })
    expect(runningBackupJobs(store)).toMatchObject([{ orderId: 2n }])
  })

  it('ends done or failed, and the next one is new', () => {
    const first = openBackupJob(store, 'photos', 1n)
    finishBackupJob(store, first.jobId, { result: { size: 2n ** 60n } })
    expect(lastBackupJob(store, 'photos')).toMatchObject({
      state: 'done',
      error: null,
      result: `{"size":"${2n ** 60n}"}`,
    })
    expect(runningBackupJobs(store)).toEqual([])
    const second = openBackupJob(store, 'photos', 1n)
    expect(second).toMatchObject({ resumed: false })
    finishBackupJob(store, second.jobId, { error: new DmcError('NO_GAS', 'No gas.', { hint: 'Send some.' }) })
    const last = lastBackupJob(store, 'photos')
    expect(last).toMatchObject({ jobId: second.jobId, state: 'failed', result: null })
    expect(JSON.parse(last?.error ?? '')).toMatchObject({ code: 'NO_GAS', hint: 'Send some.' })
    expect(last?.finishedAt).toBeGreaterThan(0)
  })

  it('says what came last, also of two in one millisecond, and null of a source without any', () => {
    for (const orderId of [1n, 2n, 3n]) {
      finishBackupJob(store, openBackupJob(store, 'photos', orderId).jobId, { result: null })
    }
    expect(lastBackupJob(store, 'photos')?.orderId).toBe(3n)
    expect(lastBackupJob(store, 'letters')).toBeNull()
  })
})
