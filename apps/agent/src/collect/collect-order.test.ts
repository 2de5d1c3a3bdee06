import { readOrder } from '@dmc/core/chain/read-order'
import { parseEther } from 'viem'
import { describe, expect, it } from 'vitest'
import { useAccountHosts } from '../../test/support/account-hosts.ts'
import { createBill } from '../account/create-bill.ts'
import { createOrder } from '../account/create-order.ts'
import { prepare } from '../account/prepare.ts'
import { type CollectContext, collectOrder } from './collect-order.ts'

const { host, chain } = useAccountHosts()
const WEEK = 604_800
const HOUR = 3_600

/** An active order of 4 weeks, 1 DMC a week, and what collects for its two hosts. */
async function activeOrder({ minimum = parseEther('0.5') } = {}) {
  const [miner, user] = await Promise.all([host(), host()])
  const { billId } = await createBill(
    miner.context,
    {
      capacity: 1024n,
      step: 1024n,
      price: parseEther('1'),
      pledgeRate: 2,
      minWeeks: 1,
      maxWeeks: 52,
      bond: parseEther('0.25'),
      openWeeks: 10,
      endpoint: 'http://127.0.0.1:4600',
    },
    { intent: 'bill' },
  )
  const { orderId } = await createOrder(
    user.context,
    { billId, capacity: 1024n, weeks: 4, challenges: 2 },
    { intent: 'order' },
  )
  const commitment = { root: `0x${'ab'.repeat(32)}` as const, size: 4096n }
  await prepare(user.context, orderId, 'user', commitment)
  await prepare(miner.context, orderId, 'miner', commitment)
  const collector = ({ context }: typeof miner): CollectContext => ({
    ...context,
    parameters: async () => context.facts.parameters,
    mostGasWei: parseEther('0.05'),
    minimum,
    signal: new AbortController().signal,
  })
  const { client, market } = chain()
  return {
    miner,
    user,
    order: () => readOrder(client, { market, orderId }),
    asMiner: () => collectOrder(collector(miner), { orderId, role: 'miner' }),
    asUser: () => collectOrder(collector(user), { orderId, role: 'user' }),
    nonce: () => client.getTransactionCount({ address: miner.context.operator.address }),
  }
}

describe('what an order owes', () => {
  it('is claimed by the miner’s host from the minimum on, once, and never by the user’s', async () => {
    const { miner, order, asMiner, asUser, nonce } = await activeOrder({ minimum: parseEther('1.5') })
    // a week after it began nothing can be claimed, two weeks after it one week’s price, which is too little
    await chain().anvil.increaseTime(2 * WEEK)
    const before = await nonce()
    expect(await asMiner()).toBeNull()
    expect(await nonce()).toBe(before)
    await chain().anvil.increaseTime(WEEK)
    expect(await asUser()).toBeNull()
    expect(await asMiner()).toBe('claim')
    const { claimed } = await order()
    expect(claimed).toBeGreaterThanOrEqual(parseEther('1.5'))
    expect((await miner.money()).credit).toBe(claimed)
    expect(await asMiner()).toBeNull()
    expect(await nonce()).toBe(before + 1)
  })

  it('is settled by the miner’s host when it is over, and by the user’s an hour later if nobody did', async () => {
    const { user, order, asMiner, asUser } = await activeOrder()
    await chain().anvil.increaseTime(4 * WEEK + 60)
    const { reserve } = await order()
    expect(reserve).toBe(parseEther('0.5'))
    expect(await asUser()).toBeNull()
    await chain().anvil.increaseTime(HOUR)
    expect(await asUser()).toBe('finish')
    expect((await order()).state).toBe('ended')
    expect((await user.money()).credit).toBe(reserve)
    expect(await asMiner()).toBeNull()
  })

  it('is sent again when a reorg deeper than the confirmations took it back', async () => {
    const { miner, order, asMiner } = await activeOrder()
    await chain().anvil.increaseTime(4 * WEEK + 60)
    const from = await chain().anvil.blockNumber()
    expect(await asMiner()).toBe('finish')
    const credit = (await miner.money()).credit
    await chain().anvil.reorg((await chain().anvil.blockNumber()) - from)
    expect((await order()).state).toBe('active')
    // the clock of the new blocks may be before the end again
    await chain().anvil.increaseTime(WEEK)
    expect(await asMiner()).toBe('finish')
    expect((await order()).state).toBe('ended')
    expect((await miner.money()).credit).toBe(credit)
  })
})
