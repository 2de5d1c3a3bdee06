import { join } from 'node:path'
import type { AgentProcess, CliResult } from '@dmc/testkit/agent-process'
import type { Address } from 'viem'
import { beforeAll, describe, expect, it } from 'vitest'
import { marketEvents, moneyOf, nonceOf, orderOf } from './support/chain.ts'
import { makeTree } from './support/make-tree.ts'
import { mountSmallDisk, type SmallDisk } from './support/small-disk.ts'
import { addSource, backUp, MIB, mustRestoreEqual, offer, placeOrder, setUp } from './support/steps.ts'
import { call, journalOf, until, useWorld } from './support/world.ts'

/** A miner that can't keep what it sold says so on chain; the user has every wei back and is told in plain words. */
const world = useWorld()
const CAPACITY_MIB = 8n
let miner: AgentProcess
let user: AgentProcess
let wallet: Address
let minerOperator: Address
let disk: SmallDisk | null
let source: string
let sourceId: string
let before: bigint
let orderId: bigint
let result: CliResult

beforeAll(async () => {
  await world.start()
  ;[miner, user] = await Promise.all([world.agent('miner'), world.agent('user')])
  const [mine] = await Promise.all([setUp(world, user), setUp(world, miner)])
  wallet = mine.wallet.address
  await Promise.all([miner.start(), user.start()])
  disk = mountSmallDisk(world, 'disk', 24 << 20)
  const path = join(disk?.path ?? world.folder, 'sector')
  const { sectorId } = await offer(miner, path, { size: 16n * MIB })
  if (!disk) {
    // without a disk of its own: the same space sold twice, and taken by another order first
    await offer(miner, path, { size: 16n * MIB })
    const other = await addSource(user, makeTree(join(world.folder, 'other'), 'other', 1000), 'other')
    await placeOrder(user, other, { capacityMib: 16n })
    await until('the first order to be accepted', async () =>
      (await journalOf(miner)).some(({ event }) => event === 'order-accepted'),
    )
  }
  expect(sectorId).toMatch(/^[0-9a-f]{16}$/)
  minerOperator = (await call(miner, 'wallet.show', {})).operator.address
  source = makeTree(join(world.folder, 'my files'), 'refused', 1 << 20)
  sourceId = await addSource(user, source, 'photos')
})

const errorOf = ({ stdout }: CliResult) =>
  JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { code: string; message: string; hint: string }

describe('a miner without space', () => {
  it('refuses the order on chain, with a reason', async () => {
    disk?.fill(1 << 20)
    before = (await moneyOf(world.devnet, wallet)).token
    const order = await placeOrder(user, sourceId, { capacityMib: CAPACITY_MIB, challenges: 2 })
    ;({ orderId } = order)
    // a person types this while the miner is still deciding
    const asked = user.cli(['backup', 'photos', '--json'])
    await until(
      'the refusal on chain',
      async () => (await orderOf(world.devnet, orderId)).state === 'refused',
    )
    result = await asked
    const [refused] = await marketEvents(world.devnet, 'OrderRefused')
    expect(refused?.args).toMatchObject({ orderId, refund: order.cost + order.reserve })
    expect(refused?.args.reason).toMatch(/^(NOT_ENOUGH_SPACE|DISK_FULL): /)
    // the miner's disk is its own business
    expect(refused?.args.reason).not.toContain(world.folder)
  })

  it('ends the user’s backup with ORDER_REFUSED, exit code 1, and the next step', () => {
    expect(result.exitCode).toBe(1)
    const error = errorOf(result)
    expect(error.code).toBe('ORDER_REFUSED')
    expect(error.message).toContain(`order ${orderId}`)
    expect(error.hint).toContain('dmc-agent order create')
  })

  it('is told in the user’s journal and status, with the miner’s reason', async () => {
    const entry = await until('the journal to tell', async () =>
      (await journalOf(user)).find(
        ({ event, subject }) => event === 'order-refused' && subject === `order:${orderId}`,
      ),
    )
    expect(entry.message).toMatch(/NOT_ENOUGH_SPACE|DISK_FULL/)
    const { order } = await call(user, 'order.show', { orderId })
    expect(order).toMatchObject({ state: 'refused', contractState: 'refused', escrow: 0n, reserve: 0n })
    expect(order.note).toMatch(/refused: (NOT_ENOUGH_SPACE|DISK_FULL)/)
    const { attention } = await call(user, 'status.get', {})
    expect(attention.map(({ message }) => message).join('\n')).toContain('photos')
  })

  it('gives every wei back: as credit at once, then to the wallet', async () => {
    const { token, credit } = await moneyOf(world.devnet, wallet)
    expect(token + credit).toBe(before)
    expect(credit).toBeGreaterThan(0n)
    await user.json(['wallet', 'withdraw', '--yes'])
    expect(await moneyOf(world.devnet, wallet)).toMatchObject({ token: before, credit: 0n })
  })

  it('refuses once, and gives its pledge and capacity back to the bill', async () => {
    // its grant and bills are the wallet's; of the operator's transactions this is the only one
    expect(await nonceOf(world.devnet, minerOperator)).toBe(1)
    const { bills } = await call(miner, 'bill.list', {})
    expect(bills.some(({ free }) => free === 16n)).toBe(true)
  })

  it('takes the same source again when there is room', async () => {
    if (!disk) return
    disk.empty()
    const order = await placeOrder(user, sourceId, { capacityMib: CAPACITY_MIB })
    expect(order.orderId).toBeGreaterThan(orderId)
    const done = await backUp(user, sourceId)
    expect(done.orderId).toBe(order.orderId)
    await mustRestoreEqual(user, 'latest', source, join(world.folder, 'restored'), sourceId)
  })

  it('sends the refusal again after a kill between deciding and sending', async () => {
    if (!disk) return
    await miner.stop()
    await miner.start(60_000, { env: { DMC_TEST_CRASH_AT: 'order-refusing' } })
    const path = makeTree(join(world.folder, 'more files'), 'more', 1 << 20)
    const more = await addSource(user, path, 'more')
    disk.fill(1 << 20)
    const nonce = await nonceOf(world.devnet, minerOperator)
    const order = await placeOrder(user, more, { capacityMib: CAPACITY_MIB })
    expect(await miner.ended()).toMatchObject({ signal: 'SIGKILL' })
    // there would be room by now; what was decided stands
    disk.empty()
    await miner.start()
    await until(
      'the refusal on chain',
      async () => (await orderOf(world.devnet, order.orderId)).state === 'refused',
    )
    await expect(backUp(user, more)).rejects.toMatchObject({ code: 'ORDER_REFUSED' })
    expect(await nonceOf(world.devnet, minerOperator)).toBe(nonce + 1)
    const { token, credit } = await moneyOf(world.devnet, wallet)
    expect(credit).toBe(order.cost + order.reserve)
    expect(token).toBeLessThan(before)
  })
})
