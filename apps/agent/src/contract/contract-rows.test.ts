import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { useTempFolders } from '../../test/support/temp-folder.ts'
import { openStore, type Store } from '../store/open-store.ts'
import { addContract, contractsOfSource, findContract, listContracts, setContract } from './contract-rows.ts'

const tempFolder = useTempFolders()
let store: Store

beforeEach(async () => {
  store = openStore(await tempFolder())
})
afterEach(() => store.close())

const add = (orderId: bigint, role: 'user' | 'miner' = 'user', sourceId = 'photos') =>
  addContract(store, { orderId, role, billId: 3n, capacityMib: 5, sourceId })

describe('contract rows', () => {
  it('keeps ids past 2^53 and everything that was given', () => {
    const orderId = 2n ** 200n + 1n
    addContract(store, { orderId, role: 'miner', billId: 2n ** 64n, capacityMib: 7, sectorId: 'ab12' })
    expect(findContract(store, orderId, 'miner')).toEqual({
      orderId,
      role: 'miner',
      state: 'applying',
      billId: 2n ** 64n,
      sourceId: null,
      volumeId: null,
      volumeNumber: null,
      sectorId: 'ab12',
      capacityMib: 7,
      reason: '',
      stated: null,
      finalAt: null,
      createdAt: expect.any(Number),
    })
  })

  it('is one row for each order and role, whoever adds it again', () => {
    add(1n)
    setContract(store, 1n, 'user', { state: 'active', volumeId: 'aa' })
    add(1n, 'user', 'another')
    add(1n, 'miner')
    expect(listContracts(store, 'user')).toMatchObject([
      { state: 'active', volumeId: 'aa', sourceId: 'photos' },
    ])
    expect(listContracts(store, 'miner')).toHaveLength(1)
  })

  it('changes only what is named, of only that order and role', () => {
    add(1n)
    add(1n, 'miner')
    add(2n)
    setContract(store, 1n, 'user', { state: 'refused', reason: "it's full" })
    setContract(store, 1n, 'user', {})
    expect(findContract(store, 1n, 'user')).toMatchObject({ state: 'refused', reason: "it's full" })
    expect(findContract(store, 1n, 'miner')).toMatchObject({ state: 'applying', reason: '' })
    expect(findContract(store, 2n, 'user')).toMatchObject({ state: 'applying', reason: '' })
    setContract(store, 9n, 'user', { state: 'active' })
    expect(findContract(store, 9n, 'user')).toBeNull()
  })

  it('makes a change of several columns in one statement: a kill leaves all of it or nothing', () => {
    add(1n, 'miner')
    // fails at the last column only: were it written one by one, the state would be there already
    store.db.exec(
      `CREATE TRIGGER kill BEFORE UPDATE OF final_at ON contract BEGIN SELECT RAISE(ABORT, 'killed'); END`,
    )
    expect(() => setContract(store, 1n, 'miner', { state: 'closed', finalAt: 5 })).toThrow('killed')
    expect(findContract(store, 1n, 'miner')).toMatchObject({ state: 'applying', finalAt: null })
  })

  it('lists what a source may be backed up into, the newest first, without refused and closed ones', () => {
    for (const orderId of [1n, 2n, 3n, 4n]) add(orderId)
    add(5n, 'user', 'letters')
    add(6n, 'miner')
    setContract(store, 4n, 'user', { state: 'refused' })
    setContract(store, 2n, 'user', { state: 'closed' })
    expect(contractsOfSource(store, 'photos').map(({ orderId }) => orderId)).toEqual([3n, 1n])
    expect(contractsOfSource(store, 'letters').map(({ orderId }) => orderId)).toEqual([5n])
    expect(contractsOfSource(store, 'none')).toEqual([])
  })
})
