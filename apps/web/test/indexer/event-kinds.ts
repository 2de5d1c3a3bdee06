import type { Hex } from 'viem'
import { type MarketActs, OPERATOR, STRANGER } from './market-acts.ts'
import { LEAF, PATH } from './one-leaf.ts'

/** Prepares the ground for one kind of event; what it returns makes the event in one block. */
export type Kind = (acts: MarketActs) => Promise<() => Promise<void>>

const OTHER_ROOT = `0x${'ab'.repeat(32)}` as Hex

/** Each event of the Market, and each way in which one can come about; the name before the colon is the event's. */
export const EVENT_KINDS: Record<string, Kind> = {
  OperatorSet: async (m) => {
    const miner = await m.miner(await m.order(await m.bill()))
    return async () => m.act(miner, 'setOperator', [OPERATOR, 15n, (await m.now()) + 9_999n], 5n)
  },
  'OperatorSet: revoked': async (m) => {
    const miner = await m.miner(await m.order(await m.bill()))
    await m.act(miner, 'setOperator', [OPERATOR, 15n, (await m.now()) + 9_999n], 5n)
    return () => m.act(miner, 'setOperator', [OPERATOR, 0n, 0n])
  },
  EndpointSet: async (m) => {
    const orderId = await m.order(await m.bill())
    const miner = await m.miner(orderId)
    return async () =>
      m.act(miner, 'setEndpoint', [await m.billOf(orderId), `https://own.example/${orderId}`])
  },
  'EndpointSet: default': async (m) => {
    const miner = await m.miner(await m.order(await m.bill()))
    await m.act(miner, 'setEndpoint', [0n, 'https://before.example'])
    return () => m.act(miner, 'setEndpoint', [0n, 'https://after.example'])
  },
  BillCreated: async (m) => async () => void (await m.bill()),
  BillShrunk: async (m) => {
    const orderId = await m.order(await m.bill())
    const miner = await m.miner(orderId)
    return async () => m.act(miner, 'shrinkBill', [await m.billOf(orderId), 2n])
  },
  BillCancelled: async (m) => {
    const orderId = await m.order(await m.bill())
    const miner = await m.miner(orderId)
    return async () => m.act(miner, 'cancelBill', [await m.billOf(orderId)])
  },
  OrderCreated: async (m) => {
    const billId = await m.bill()
    await m.order(billId)
    return async () => void (await m.order(billId))
  },
  Prepared: async (m) => {
    const orderId = await m.order(await m.bill())
    return () => m.prepare(orderId, 0n)
  },
  'Prepared: by the other side, differently': async (m) => {
    const orderId = await m.order(await m.bill())
    await m.prepare(orderId, 0n)
    return () => m.prepare(orderId, 1n, 2_048n, OTHER_ROOT)
  },
  'Prepared: withdrawn': async (m) => {
    const orderId = await m.order(await m.bill())
    await m.prepare(orderId, 1n)
    return () => m.prepare(orderId, 1n, 0n, `0x${'0'.repeat(64)}`)
  },
  OrderActivated: async (m) => {
    const orderId = await m.order(await m.bill())
    await m.prepare(orderId, 0n)
    return () => m.prepare(orderId, 1n)
  },
  CommitmentReplaced: async (m) => {
    const orderId = await m.active()
    await m.prepare(orderId, 1n, 4_096n, OTHER_ROOT)
    return () => m.prepare(orderId, 0n, 4_096n, OTHER_ROOT)
  },
  OrderRefused: async (m) => {
    const orderId = await m.order(await m.bill())
    await m.prepare(orderId, 0n)
    const miner = await m.miner(orderId)
    return () => m.act(miner, 'refuse', [orderId, 'no room'])
  },
  OrderCancelled: async (m) => {
    const orderId = await m.order(await m.bill())
    const user = await m.user(orderId)
    return () => m.act(user, 'cancelOrder', [orderId])
  },
  'OrderCancelled: after the bill': async (m) => {
    const orderId = await m.order(await m.bill())
    const [user, miner] = [await m.user(orderId), await m.miner(orderId)]
    await m.act(miner, 'cancelBill', [await m.billOf(orderId)])
    return () => m.act(user, 'cancelOrder', [orderId])
  },
  OrderExtended: async (m) => {
    const orderId = await m.active()
    const user = await m.user(orderId)
    return () => m.act(user, 'extendOrder', [orderId, 3n, 1n << 70n])
  },
  OrderShortened: async (m) => {
    const orderId = await m.active()
    const user = await m.user(orderId)
    return () => m.act(user, 'shorten', [orderId, 2n])
  },
  ReserveToppedUp: async (m) => {
    const orderId = await m.active()
    const miner = await m.miner(orderId)
    return () => m.act(miner, 'topUp', [orderId, 4n])
  },
  ChallengeOpened: async (m) => {
    const orderId = await m.active()
    const user = await m.user(orderId)
    return () => m.act(user, 'challenge', [orderId, 0n])
  },
  'ChallengeOpened: again': async (m) => {
    const orderId = await m.active()
    const user = await m.user(orderId)
    await m.act(user, 'challenge', [orderId, 0n])
    await m.act(STRANGER, 'answer', [orderId, LEAF, PATH])
    await m.pass(6)
    return () => m.act(user, 'challenge', [orderId, 0n])
  },
  ChallengeAnswered: async (m) => {
    const orderId = await m.active()
    const [user, miner] = [await m.user(orderId), await m.miner(orderId)]
    await m.act(user, 'challenge', [orderId, 0n])
    return () => m.act(miner, 'answer', [orderId, LEAF, PATH])
  },
  OrderSlashed: async (m) => {
    const orderId = await m.active()
    const user = await m.user(orderId)
    await m.pass(1_500)
    await m.act(STRANGER, 'claim', [orderId])
    await m.act(user, 'challenge', [orderId, 0n])
    await m.pass(60)
    return () => m.act(STRANGER, 'slash', [orderId, STRANGER])
  },
  Claimed: async (m) => {
    const orderId = await m.active()
    await m.pass(1_700)
    return () => m.act(STRANGER, 'claim', [orderId])
  },
  EndStated: async (m) => {
    const orderId = await m.active()
    const user = await m.user(orderId)
    return async () => m.act(user, 'end', [orderId, (await m.now()) + 999n])
  },
  'EndStated: withdrawn': async (m) => {
    const orderId = await m.active()
    const miner = await m.miner(orderId)
    await m.act(miner, 'end', [orderId, (await m.now()) + 999n])
    return () => m.act(miner, 'end', [orderId, 0n])
  },
  EndCleared: async (m) => {
    const orderId = await m.active()
    const user = await m.user(orderId)
    await m.act(user, 'end', [orderId, (await m.now()) + 999n])
    return () => m.act(user, 'shorten', [orderId, 3n])
  },
  NoticeStarted: async (m) => {
    const orderId = await m.active()
    const miner = await m.miner(orderId)
    return () => m.act(miner, 'quit', [orderId])
  },
  'OrderEnded: by term': async (m) => {
    const orderId = await m.active({ weeks: 1n })
    await m.pass(1_200)
    return () => m.act(STRANGER, 'finish', [orderId])
  },
  'OrderEnded: by notice': async (m) => {
    const orderId = await m.active()
    await m.act(await m.miner(orderId), 'quit', [orderId])
    await m.pass(150)
    return () => m.act(STRANGER, 'finish', [orderId])
  },
  'OrderEnded: by consent': async (m) => {
    const orderId = await m.active()
    const [user, miner] = [await m.user(orderId), await m.miner(orderId)]
    await m.act(miner, 'end', [orderId, (await m.now()) + 999n])
    return async () => m.act(user, 'end', [orderId, (await m.now()) + 999n])
  },
  Withdrawn: async (m) => {
    const orderId = await m.order(await m.bill())
    const miner = await m.miner(orderId)
    await m.act(miner, 'shrinkBill', [await m.billOf(orderId), 1n])
    return () => m.act(STRANGER, 'withdraw', [miner])
  },
}
