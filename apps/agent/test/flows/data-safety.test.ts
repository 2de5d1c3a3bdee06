import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { marketAbi } from '@dmc/core/chain/generated/market-abi'
import type { AgentProcess } from '@dmc/testkit/agent-process'
import { type RpcFault, type RpcProxy, startRpcProxy } from '@dmc/testkit/rpc-proxy'
import { encodeErrorResult, encodeFunctionData } from 'viem'
import type { PrivateKeyAccount } from 'viem/accounts'
import { beforeAll, describe, expect, it } from 'vitest'
import { orderOf } from './support/chain.ts'
import { act } from './support/challenge.ts'
import { makeTree } from './support/make-tree.ts'
import { addSource, backUp, MIB, mustRestoreEqual, placeOrder, setUp, startMiner } from './support/steps.ts'
import { call, journalOf, until, useWorld } from './support/world.ts'

/**
 * A miner's agent deletes an order's data only after a final state that is confirmed, asked again, and older than the grace
 * period. Real agents and a real chain; time passes by making the note of the end older while the agent is down.
 */
const world = useWorld()
let node: RpcProxy
let miner: AgentProcess
let user: AgentProcess
let wallets: { user: PrivateKeyAccount; miner: PrivateKeyAccount }
let sectorPath: string

const HOUR = 3_600_000
const GRACE = 24 * HOUR

beforeAll(async () => {
  await world.start()
  node = await startRpcProxy(world.devnet.url)
  world.onEnd(() => node.close())
  miner = await world.agent('miner', { plainHttp: true, rpcUrl: node.url })
  user = await world.agent('user')
  const [mine, theirs] = await Promise.all([
    setUp(world, user),
    startMiner(world, miner, { size: 64n * MIB }),
  ])
  await user.start()
  wallets = { user: mine.wallet, miner: theirs.wallet }
  ;({ sectorPath } = theirs)
})

interface Stored {
  orderId: bigint
  sourceId: string
  path: string
}

/** Active orders with data, one for each name. */
async function stored(...names: string[]): Promise<Stored[]> {
  const orders: Stored[] = []
  for (const name of names) {
    const path = makeTree(join(world.folder, name), name, 200_000)
    const sourceId = await addSource(user, path, name)
    const { orderId } = await placeOrder(user, sourceId, { capacityMib: 1n })
    orders.push({ orderId, sourceId, path })
  }
  await Promise.all(orders.map(({ sourceId }) => backUp(user, sourceId)))
  return orders
}

/** Both wallets end the orders; resolves when the miner's agent has noted each. */
async function end(...orderIds: bigint[]): Promise<void> {
  const { timestamp } = await world.devnet.client.getBlock()
  for (const account of [wallets.user, wallets.miner])
    for (const orderId of orderIds) {
      const { logs } = await act(world, account, 'end', [orderId, timestamp + 3600n])
      // a wish, and with the second one the end itself
      expect(logs, `end of order ${orderId} by ${account.address}`).toHaveLength(
        account === wallets.miner ? 2 : 1,
      )
    }
  for (const orderId of orderIds) expect((await orderOf(world.devnet, orderId)).state).toBe('ended')
  await until(`the miner to note the end of ${orderIds}`, async () =>
    orderIds.every((orderId) => noteOf(orderId).finalAt !== null),
  )
}

const fileOf = (orderId: bigint) => join(sectorPath, 'orders', `${orderId}.data`)
const isHeld = (orderId: bigint) => existsSync(fileOf(orderId))

/** What the miner's agent has written down about an order. */
function noteOf(orderId: bigint): { state: string; finalAt: number | null } {
  const db = new DatabaseSync(join(miner.dataDir, 'state.db'), { readOnly: true })
  try {
    const row = db
      .prepare(`SELECT state, final_at FROM contract WHERE role = 'miner' AND order_id = ?`)
      .get(String(orderId))
    return { state: String(row?.state), finalAt: (row?.final_at ?? null) as number | null }
  } finally {
    db.close()
  }
}

/** The miner's agent is down; the ends of these orders were noted so much earlier. */
function letPass(ms: number, ...orderIds: bigint[]): void {
  const db = new DatabaseSync(join(miner.dataDir, 'state.db'))
  for (const orderId of orderIds) {
    const { changes } = db
      .prepare(
        `UPDATE contract SET final_at = final_at - ? WHERE role = 'miner' AND order_id = ? AND final_at IS NOT NULL`,
      )
      .run(ms, String(orderId))
    expect(Number(changes), `the end of order ${orderId} is noted`).toBe(1)
  }
  db.close()
}

/** The file has gone, and the agent has said so. */
const deleted = (orderId: bigint) =>
  until(
    `the data of order ${orderId} to be deleted`,
    async () => !isHeld(orderId) && said('order-data-deleted', `order:${orderId}`).length > 0,
  )

/** What the agent's journal says; also readable while it is down. */
function said(event: string, subject = ''): string[] {
  const db = new DatabaseSync(join(miner.dataDir, 'state.db'), { readOnly: true })
  try {
    const rows = db
      .prepare('SELECT message FROM journal WHERE event = ? AND subject = ? ORDER BY seq')
      .all(event, subject)
    return rows.map(({ message }) => String(message))
  } finally {
    db.close()
  }
}

/** What the agent said when it looked for what may be deleted and could not. */
const troubles = () => said('sweep-trouble')

const newTrouble = (before: number) =>
  until('the miner to say that it can’t look', async () => troubles()[before])

const asksFor = (orderId: bigint) =>
  encodeFunctionData({ abi: marketAbi, functionName: 'getOrder', args: [orderId] })

describe('an order that has ended', () => {
  it('keeps its data through the grace period, over restarts; then it goes, and its space is free again', async () => {
    const [short, long] = await stored('short', 'long')
    if (!short || !long) throw new Error('no orders')
    await end(short.orderId, long.orderId)
    await miner.stop()
    letPass(GRACE - HOUR, short.orderId)
    letPass(GRACE, long.orderId)
    await miner.start()
    // judged after the other, in the same pass
    await deleted(long.orderId)
    expect(isHeld(short.orderId)).toBe(true)
    await miner.stop('SIGKILL')
    letPass(HOUR, short.orderId)
    await miner.start()
    await deleted(short.orderId)
    for (const { orderId } of [short, long])
      expect(said('order-data-deleted', `order:${orderId}`)).toHaveLength(1)
    await until('its space to be free', async () =>
      (await call(miner, 'sector.list', {})).sectors.every(({ orders }) => orders === 0),
    )
    expect(readdirSync(join(sectorPath, 'orders'))).toEqual([])
  })
})

describe('an answer that lacks, or lies', () => {
  let late: Stored

  it('null, nothing, half, an error, “no such order”, an older state: the data stays; with the truth it goes', async () => {
    const lies: Record<string, (active: string) => unknown> = {
      null: () => null,
      nothing: () => '0x',
      half: (active) => active.slice(0, active.length / 2),
      error: () => {
        throw Object.assign(new Error('something went wrong'), { code: -32603 })
      },
      absent: () => {
        const data = encodeErrorResult({ abi: marketAbi, errorName: 'UnknownOrder', args: [7n] } as never)
        throw Object.assign(new Error('execution reverted'), { code: 3, data })
      },
      older: (active) => active,
    }
    const names = Object.keys(lies)
    const orders = await stored(...names, 'control')
    const control = orders.pop()
    if (!control) throw new Error('no order')
    const { client, market } = world.devnet
    const answers = new Map<string, () => unknown>()
    for (const [at, name] of names.entries()) {
      const data = asksFor(orders[at]?.orderId ?? 0n)
      const active = (await client.call({ to: market, data })).data ?? '0x'
      answers.set(data, () => lies[name]?.(active))
    }
    await end(...orders.map(({ orderId }) => orderId), control.orderId)
    await miner.stop()
    letPass(GRACE, ...orders.map(({ orderId }) => orderId), control.orderId)
    const before = orders.map(({ orderId }) => noteOf(orderId).finalAt)
    const lied = new Set<string>()
    node.intercept = async (asked, forward) => {
      const { data } = (asked.params[0] ?? {}) as { data?: string }
      const lie = asked.method === 'eth_call' && data !== undefined && answers.get(data)
      if (!lie) return forward(asked)
      lied.add(data)
      return lie()
    }
    await miner.start()
    // the last to be judged in the pass in which all others were
    await deleted(control.orderId)
    expect(lied.size).toBe(names.length)
    for (const [at, { orderId }] of orders.entries()) expect(isHeld(orderId), names[at]).toBe(true)
    await miner.stop()
    node.intercept = null
    await miner.start()
    late = orders.pop() ?? control
    for (const { orderId } of orders) await deleted(orderId)
    // the one that was told to be active again has ended anew: it waits for its own grace period
    const { finalAt } = await until('its end to be noted again', async () => {
      const note = noteOf(late.orderId)
      return note.finalAt !== null && note
    })
    expect(finalAt).toBeGreaterThan((before.at(-1) ?? 0) + GRACE)
    expect(isHeld(late.orderId)).toBe(true)
  })

  it('an RPC that answers null, nonsense, not at all, from before the order, or as another chain deletes nothing', async () => {
    const [kept] = await stored('kept')
    if (!kept) throw new Error('no order')
    const { orderId } = kept
    const { client, market } = world.devnet
    const [created] = await client.getContractEvents({
      address: market,
      abi: marketAbi,
      eventName: 'OrderCreated',
      args: { orderId },
      fromBlock: 0n,
    } as never)
    const createdAt = Number((created as { blockNumber?: bigint } | undefined)?.blockNumber ?? 0n)
    expect(createdAt).toBeGreaterThan(0)
    await end(orderId)
    await miner.stop()
    letPass(GRACE, orderId)
    let asked = 0
    let otherChain = false
    const lies: [fault: RpcFault, intercept: RpcProxy['intercept'], says: RegExp][] = [
      ['nulls', null, /makes no sense|null|RPC/],
      ['garbage', null, /RPC/],
      ['down', null, /RPC|chain/],
      [
        null,
        async (call, forward) =>
          call.method === 'eth_blockNumber' ? `0x${(createdAt - 1).toString(16)}` : forward(call),
        new RegExp(`no order ${orderId}`),
      ],
      [
        null,
        // what stands behind the address is exchanged after it was found to be right, before the confirmed block is asked for the order;
        // who looks for challenges asks the newest one, and earlier
        async (call, forward) => {
          const { data } = (call.params[0] ?? {}) as { data?: string }
          if (data === asksFor(orderId) && call.params[1] !== 'latest') otherChain = true
          if (call.method !== 'eth_chainId' || !otherChain) return forward(call)
          asked++
          return '0x539'
        },
        /chain 1337, not on 31337/,
      ],
    ]
    for (const [fault, intercept, says] of lies) {
      const before = troubles().length
      node.fault = fault
      node.intercept = intercept
      await miner.start()
      expect(await newTrouble(before)).toMatch(says)
      expect(isHeld(orderId), String(says)).toBe(true)
      await miner.stop('SIGKILL')
    }
    expect(asked).toBeGreaterThan(0)
    node.fault = null
    node.intercept = null
    await miner.start()
    await deleted(orderId)
  })

  it('a disk that is not mounted: nothing is deleted or forgotten, nothing is made in its place; back again, it goes', async () => {
    const { orderId } = late
    await miner.stop()
    letPass(GRACE, orderId)
    const unplugged = `${sectorPath} unplugged`
    renameSync(sectorPath, unplugged)
    mkdirSync(sectorPath)
    const before = troubles().length
    await miner.start()
    expect(await newTrouble(before)).toContain('not mounted')
    expect(noteOf(orderId).state).toBe('closed')
    expect(noteOf(orderId).finalAt).not.toBeNull()
    expect(readdirSync(sectorPath)).toEqual([])
    expect(existsSync(join(unplugged, 'orders', `${orderId}.data`))).toBe(true)
    await miner.stop()
    renameSync(sectorPath, `${sectorPath} mount point`)
    renameSync(unplugged, sectorPath)
    await miner.start()
    await deleted(orderId)
  })
})

describe('a reorg that takes the end back', () => {
  const reorgEnd = async (orderId: bigint) => {
    const { client, market, anvil } = world.devnet
    const events = await client.getContractEvents({
      address: market,
      abi: marketAbi,
      eventName: 'EndStated',
      fromBlock: 0n,
    })
    const first = events.find(({ args }) => (args as { orderId?: bigint }).orderId === orderId)
    const depth = (await anvil.blockNumber()) - Number(first?.blockNumber ?? 0n) + 1
    await anvil.reorg(depth)
    expect((await orderOf(world.devnet, orderId)).state).toBe('active')
    // nodes follow the longer chain
    await anvil.mine(depth + 2)
  }

  it('while the agent runs, and while it is down and the grace period is over: the data stays, the order goes on', async () => {
    const [running, down] = await stored('running', 'down')
    if (!running || !down) throw new Error('no orders')
    await end(running.orderId)
    await reorgEnd(running.orderId)
    await until('the miner to take the order back', async () => noteOf(running.orderId).state === 'active')
    expect(noteOf(running.orderId).finalAt).toBeNull()

    await end(down.orderId)
    await miner.stop()
    letPass(GRACE + HOUR, down.orderId)
    await reorgEnd(down.orderId)
    await miner.start()
    await until('the miner to take the order back', async () => noteOf(down.orderId).state === 'active')
    expect((await journalOf(miner)).some(({ event }) => event === 'reorg')).toBe(true)
    for (const { orderId, path, sourceId } of [running, down]) {
      expect(isHeld(orderId)).toBe(true)
      expect(noteOf(orderId).finalAt).toBeNull()
      await mustRestoreEqual(user, 'latest', path, `${path} restored`, sourceId)
    }
    // ended for good, it waits for a grace period of its own
    const now = Date.now()
    await end(down.orderId)
    expect(noteOf(down.orderId).finalAt).toBeGreaterThanOrEqual(now)
    await miner.stop()
    letPass(GRACE + HOUR, down.orderId)
    await miner.start()
    await deleted(down.orderId)
    expect(isHeld(running.orderId)).toBe(true)
  })
})
