import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { useTempFolders } from '../../test/support/temp-folder.ts'
import { refusalReason } from './accept-order.ts'
import { findContract, setContract } from './contract-rows.ts'
import { deleteEnded } from './delete-ended.ts'
import { reconcileOrder } from './reconcile-order.ts'
import { noteOf, releaseStatement } from './release-statement.ts'
import { CAPACITY_MIB, type ContractWorld, openContractWorld } from './test/contract-world.ts'

const MIB = 1024 * 1024
const A = 'a1'.repeat(16)
const B = 'b2'.repeat(16)
const DAY = 24 * 3600 * 1000
const tempFolder = useTempFolders()
let shared: ContractWorld
let folder: string
let id = 0n

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dmc-'))
  shared = await openContractWorld(folder)
})
afterAll(async () => {
  await shared.close()
  await rm(folder, { recursive: true, force: true })
})

/** The same miner for all tests, each with an order of its own; nothing sent, nothing that fails. */
async function given(): Promise<ContractWorld> {
  id++
  shared.sent.length = 0
  shared.failing.clear()
  return shared
}

const look = async (world: ContractWorld, orderId: bigint) =>
  reconcileOrder(world.context, await world.market.order(orderId))
const rowOf = (world: ContractWorld, orderId: bigint) => findContract(world.store, orderId, 'miner')
const events = (world: ContractWorld) =>
  world.journal.list({ subject: `order:${id}` }).map(({ event }) => event)
const held = async (world: ContractWorld, orderId: bigint) =>
  (await world.sectors.orders()).filter((order) => order.orderId === orderId)

/** An accepted order with one sealed session; nothing is stated yet. */
async function sealed(world: ContractWorld, orderId = id) {
  world.addOrder(orderId)
  await look(world, orderId)
  return world.seal(orderId, A, null, MIB)
}

/** An active order: both sides agreed on the first session. */
async function active(world: ContractWorld, orderId = id) {
  const commitment = await sealed(world, orderId)
  await look(world, orderId)
  await world.userStates(orderId, commitment)
  await look(world, orderId)
  return commitment
}

describe('the miner’s side of one order (flows 8 to 10)', () => {
  it('reserves the whole capacity once, however often it looks', async () => {
    const world = await given()
    world.addOrder(id)
    await look(world, id)
    await look(world, id)
    expect(rowOf(world, id)).toMatchObject({ state: 'delivering', sectorId: world.sectorId, billId: 1n })
    expect(await held(world, id)).toMatchObject([{ orderId: id, capacity: CAPACITY_MIB * MIB }])
    expect(events(world).filter((event) => event === 'order-accepted')).toHaveLength(1)
    expect(world.sent).toEqual([])
  })

  it('leaves orders on other hosts’ bills alone', async () => {
    const world = await given()
    world.addOrder(id)
    world.change(id, { billId: 2n })
    await look(world, id)
    expect(rowOf(world, id)).toBeNull()
    expect(await held(world, id)).toEqual([])
  })

  it('states what is sealed, once; both statements make the order active', async () => {
    const world = await given()
    const commitment = await sealed(world)
    await look(world, id)
    await look(world, id)
    expect(world.sent).toEqual([`prepare ${MIB}`])
    expect(rowOf(world, id)).toMatchObject({ state: 'verifying', stated: noteOf(commitment) })
    await world.userStates(id, commitment)
    await look(world, id)
    await look(world, id)
    expect(rowOf(world, id)).toMatchObject({ state: 'active', stated: null })
    expect((await world.sectors.open(id))?.commitment).toEqual(commitment)
    expect(events(world).filter((event) => event === 'commitment-in-force')).toHaveLength(1)
    expect(world.sent).toHaveLength(1)
  })

  it('notes the agreement that the server has put in force before it, and one that a kill came between', async () => {
    const world = await given()
    const commitment = await sealed(world)
    await look(world, id)
    await world.userStates(id, commitment)
    await (await world.sectors.open(id))?.committed(commitment)
    await look(world, id)
    expect(rowOf(world, id)).toMatchObject({ state: 'active', stated: null })
    expect(events(world)).toContain('commitment-in-force')
  })

  it('states again when the statement that stands was signed by a key that is no longer this host’s', async () => {
    const world = await given()
    const commitment = await sealed(world)
    world.change(id, { minerPrepare: { ...commitment, signer: world.user } })
    await look(world, id)
    expect(world.sent).toEqual([`prepare ${MIB}`])
  })

  it('keeps the note of a statement that could not be sent, so that its leaves stay, and sends it later', async () => {
    const world = await given()
    const commitment = await sealed(world)
    world.failing.set('prepare', new DmcError('NO_GAS', 'No gas.', { hint: 'Send some.' }))
    await expect(look(world, id)).rejects.toMatchObject({ code: 'NO_GAS' })
    expect(rowOf(world, id)?.stated).toBe(noteOf(commitment))
    await look(world, id)
    expect(world.sent).toEqual([`prepare ${MIB}`])
  })

  it('an active order whose data is not here is never accepted anew and never refused: it is said loudly', async () => {
    const world = await given()
    world.addOrder(id)
    world.change(id, { state: 'active', commitment: { root: `0x${'11'.repeat(32)}`, size: 1024n } })
    await expect(look(world, id)).rejects.toMatchObject({ code: 'SECTOR_DAMAGED' })
    expect(await held(world, id)).toEqual([])
    expect(world.sent).toEqual([])
  })
})

describe('refusing (flow 8)', () => {
  const tooLarge = async (world: ContractWorld) => {
    world.addOrder(id)
    world.change(id, { capacity: 1024n })
  }

  it('says why on chain without paths, sizes or ids of this host', async () => {
    const world = await given()
    await tooLarge(world)
    await look(world, id)
    expect(world.sent).toEqual(['refuse NOT_ENOUGH_SPACE: not enough free space'])
    expect(rowOf(world, id)).toMatchObject({
      state: 'refused',
      reason: 'NOT_ENOUGH_SPACE: not enough free space',
    })
    expect(await held(world, id)).toEqual([])
  })

  it('every reason is plain, short ASCII that names nothing of this host', () => {
    for (const code of [
      'SECTOR_NOT_MOUNTED',
      'DISK_FULL',
      'SECTOR_DAMAGED',
      'BUG',
      'SECTOR_LOCKED',
    ] as const) {
      const reason = refusalReason({ code })
      expect(reason).toMatch(new RegExp(`^${code}: [a-z ]+$`))
      expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(128)
    }
  })

  it('a refusal that did not reach the chain is sent again, never turned into a reservation', async () => {
    const world = await given()
    await tooLarge(world)
    world.failing.set('refuse', new DmcError('RPC_UNREACHABLE', 'No RPC.', { hint: 'Wait.' }))
    await expect(look(world, id)).rejects.toMatchObject({ code: 'RPC_UNREACHABLE' })
    world.change(id, { capacity: 1n })
    await look(world, id)
    expect(world.sent).toEqual(['refuse NOT_ENOUGH_SPACE: not enough free space'])
    expect(await held(world, id)).toEqual([])
  })

  it('an order that the user has cancelled meanwhile needs no refusal: the look that finds it ends it', async () => {
    const world = await given()
    await tooLarge(world)
    const before = await world.market.order(id)
    world.change(id, { state: 'cancelled' })
    setContract(world.store, id, 'miner', { state: 'refused' })
    await reconcileOrder(world.context, before) // the confirmed head is behind
    await look(world, id)
    expect(rowOf(world, id)).toMatchObject({ state: 'closed' })
    expect(world.sent).toEqual([])
  })

  it('a stop in the middle of the reservation is no reason to refuse', async () => {
    await given()
    const other = await tempFolder()
    const world = await openContractWorld(other)
    onTestFinished(() => world.close())
    await tooLarge(world)
    world.stop.abort()
    await expect(look(world, id)).rejects.toMatchObject({ code: 'NOT_ENOUGH_SPACE' })
    expect(world.sent).toEqual([])
    expect(rowOf(world, id)?.state).toBe('applying')
  })

  it('an order that nobody agreed on in time is refused, so that its space can be sold again', async () => {
    const world = await given()
    world.addOrder(id)
    await look(world, id)
    const { createdAt } = await world.market.order(id)
    world.market.now = createdAt + 3n * 86_400n
    await look(world, id)
    expect(world.sent).toEqual([])
    world.market.now += 1n
    await look(world, id)
    expect(world.sent).toEqual(['refuse PREPARE_WINDOW_OVER: no agreement in time'])
  })
})

describe('taking a statement back (docs/decisions/0001)', () => {
  it('withdraws what stands, and does not state it again while its session is there', async () => {
    const world = await given()
    const commitment = await sealed(world)
    await look(world, id)
    expect(await releaseStatement(world.context, id, commitment)).toBe(true)
    await look(world, id)
    expect(world.sent).toEqual([`prepare ${MIB}`, 'withdraw'])
    expect(events(world)).toContain('statement-withdrawn')
    expect(rowOf(world, id)?.state).toBe('delivering')
  })

  it('asks the chain also when this host does not remember that it stated anything', async () => {
    const world = await given()
    const commitment = await sealed(world)
    await look(world, id)
    setContract(world.store, id, 'miner', { stated: null })
    expect(await releaseStatement(world.context, id, commitment)).toBe(true)
    expect(world.sent).toEqual([`prepare ${MIB}`, 'withdraw'])
    expect((await world.market.order(id)).minerPrepare).toBeNull()
  })

  it('keeps the leaves when the agreement came first', async () => {
    const world = await given()
    const commitment = await sealed(world)
    await look(world, id)
    await world.userStates(id, commitment)
    expect(await releaseStatement(world.context, id, commitment)).toBe(false)
    await look(world, id)
    expect(rowOf(world, id)).toMatchObject({ state: 'active' })
  })

  it('keeps the leaves when the withdrawal fails', async () => {
    const world = await given()
    const commitment = await sealed(world)
    await look(world, id)
    world.failing.set('withdraw', new DmcError('NO_GAS', 'No gas.', { hint: 'Send some.' }))
    await expect(releaseStatement(world.context, id, commitment)).rejects.toMatchObject({ code: 'NO_GAS' })
    expect(rowOf(world, id)?.stated).toBe(noteOf(commitment))
  })

  it('states the same bytes again when another session seals them', async () => {
    const world = await given()
    const commitment = await sealed(world)
    await look(world, id)
    await releaseStatement(world.context, id, commitment)
    const store = await world.sectors.open(id)
    const bytes = await store?.read(0, MIB)
    await store?.openSession(B, null, { mayDropSealed: true })
    await store?.write(B, 0, bytes ?? Buffer.alloc(0))
    await store?.seal(B, commitment)
    await look(world, id)
    expect(world.sent).toEqual([`prepare ${MIB}`, 'withdraw', `prepare ${MIB}`])
  })
})

describe('the end', () => {
  it('is noted once, with its time', async () => {
    const world = await given()
    await active(world)
    world.change(id, { state: 'ended' })
    await look(world, id)
    const at = rowOf(world, id)?.finalAt
    await look(world, id)
    expect(rowOf(world, id)).toMatchObject({ state: 'closed', finalAt: at })
    expect(at).toBeGreaterThan(0)
    expect(events(world).filter((event) => event === 'order-final')).toHaveLength(1)
  })

  it('taken back by a reorg opens the contract again', async () => {
    const world = await given()
    await active(world)
    world.change(id, { state: 'ended' })
    await look(world, id)
    world.change(id, { state: 'active' })
    await look(world, id)
    expect(rowOf(world, id)).toMatchObject({ state: 'active', finalAt: null })
  })

  it('keeps the data for the grace period, deletes it then, and asks no more', async () => {
    const world = await given()
    await active(world)
    world.change(id, { state: 'ended' })
    await look(world, id)
    setContract(world.store, id, 'miner', { finalAt: Date.now() - DAY + 60_000 })
    expect(await deleteEnded(world.context, DAY)).toEqual([])
    expect(await world.sectors.open(id)).not.toBeNull()
    setContract(world.store, id, 'miner', { finalAt: Date.now() - DAY })
    expect(await deleteEnded(world.context, DAY)).toEqual([id])
    expect(await world.sectors.open(id)).toBeNull()
    expect(rowOf(world, id)).toMatchObject({ state: 'closed', finalAt: null })
    world.market.orders.delete(id) // would throw ORDER_NOT_FOUND if it asked
    expect(await deleteEnded(world.context, DAY)).toEqual([])
  })

  it('never deletes what the chain does not call ended, and opens it again', async () => {
    const world = await given()
    await active(world)
    setContract(world.store, id, 'miner', { state: 'closed', finalAt: Date.now() - 2 * DAY })
    expect(await deleteEnded(world.context, DAY)).toEqual([])
    expect(await world.sectors.open(id)).not.toBeNull()
    expect(rowOf(world, id)).toMatchObject({ state: 'delivering', finalAt: null })
  })

  it('an order that was never active gives its space back after a minute', async () => {
    const world = await given()
    await sealed(world)
    world.change(id, { state: 'cancelled' })
    await look(world, id)
    expect(await deleteEnded(world.context, DAY)).toEqual([])
    setContract(world.store, id, 'miner', { finalAt: Date.now() - 61_000 })
    expect(await deleteEnded(world.context, DAY)).toEqual([id])
    expect(await held(world, id)).toEqual([])
  })

  it('an order that can’t be asked about does not keep the others’ space', async () => {
    const world = await given()
    const other = 1000n
    await sealed(world, id)
    await sealed(world, other)
    for (const orderId of [id, other]) {
      world.change(orderId, { state: 'cancelled' })
      await look(world, orderId)
      setContract(world.store, orderId, 'miner', { finalAt: Date.now() - DAY })
    }
    world.market.orders.delete(id)
    await expect(deleteEnded(world.context, DAY)).rejects.toMatchObject({ code: 'ORDER_NOT_FOUND' })
    expect(await world.sectors.open(id)).not.toBeNull()
    expect(await world.sectors.open(other)).toBeNull()
  })
})
