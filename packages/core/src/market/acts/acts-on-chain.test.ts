import type { Address } from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ACT_KINDS, type ActKind, drawAct } from '../../../test/market/draw-act.ts'
import {
  type Books,
  booked,
  createDraws,
  type Draws,
  type MarketWorld,
  MINERS,
  OPERATOR,
  oneLeaf,
  openMarketWorld,
  PARAMETERS,
  STRANGER,
  USERS,
} from '../../../test/market/market-world.ts'
import { cancelBillCall } from '../../chain/acts/cancel-bill.ts'
import { cancelOrderCall } from '../../chain/acts/cancel-order.ts'
import { createBillCall } from '../../chain/acts/create-bill.ts'
import { createOrderCall } from '../../chain/acts/create-order.ts'
import { finishCall } from '../../chain/acts/finish.ts'
import type { ChainCall } from '../../chain/acts/market-call.ts'
import { prepareCall } from '../../chain/acts/prepare.ts'
import { setOperatorCall } from '../../chain/acts/set-operator.ts'
import { slashCall } from '../../chain/acts/slash.ts'
import { withdrawCall } from '../../chain/acts/withdraw.ts'
import type { BillOnChain, OperatorOnChain } from '../../chain/types.ts'
import { orderTotal } from '../order-cost.ts'
import { pledge } from '../pledge.ts'
import { roundPriceUp } from '../week-price.ts'
import { type ActExplanation, NOTHING_MOVES } from './act.ts'
import { explainCancelBill } from './cancel-bill.ts'
import { explainCancelOrder } from './cancel-order.ts'
import { explainFinish } from './finish.ts'
import { explainSlash } from './slash.ts'
import { explainWithdraw } from './withdraw.ts'

/** What people are told before they sign, against the real contract: every wei, every refusal, at every boundary in time. */
let world: MarketWorld
let books: Books
let head: bigint
/** How often each act went through, and each refusal was met. */
const done = new Map<string, number>()
const refused = new Map<string, number>()
const count = (of: Map<string, number>, what: string) => of.set(what, (of.get(what) ?? 0) + 1)

beforeAll(async () => {
  world = await openMarketWorld()
  head = await world.now()
  books = await world.books()
})
afterAll(() => world?.stop())

const OPERATOR_ENDS = 60_000n
let operator: OperatorOnChain

/** Sends it in a block of this time and compares everything with what was foretold. */
async function act(
  kind: string,
  by: Address,
  at: bigint,
  call: ChainCall,
  explained: Pick<ActExplanation, keyof typeof NOTHING_MOVES | 'problems'>,
): Promise<void> {
  const told = explained.problems[0]?.code ?? null
  const met = await world.send(by, call, at)
  head = at
  expect(`${kind} at ${at}: ${met}`).toBe(`${kind} at ${at}: ${told}`)
  if (met === null) books = booked(books, by, explained as ActExplanation)
  count(met === null ? done : refused, met === null ? kind : met)
  expect(await world.books(), `the books after ${kind} at ${at}`).toEqual(books)
}

const quiet = { ...NOTHING_MOVES, problems: [] }

async function newBill(draws: Draws): Promise<void> {
  const step = draws.pick([1n, 2n, 3n])
  const price = roundPriceUp(BigInt(1 + draws.below(2 ** 31)) * 1_000_000_007n, step)
  const capacity = step * BigInt(2 + draws.below(6))
  const terms = {
    step,
    price,
    capacity,
    pledgeRate: 1 + draws.below(7),
    minWeeks: 1,
    maxWeeks: 4 + draws.below(4),
    bond: draws.chance(0.9) ? BigInt(1 + draws.below(2 ** 31)) * 77_777n : 0n,
    expiresAt: head + BigInt(1_000 + draws.below(20_000)),
  }
  const takes = pledge(price, capacity, terms.pledgeRate)
  await act('createBill', draws.pick(MINERS), head + 1n, createBillCall(world.net.market, terms), {
    ...quiet,
    takes,
  })
}

async function newOrder(draws: Draws, bill: BillOnChain): Promise<void> {
  const { billId, miner, price, bond, step, pledgeRate } = bill
  const weeks = 1 + draws.below(bill.maxWeeks - 1)
  const challenges = draws.below(4)
  const terms = {
    billId,
    expectedMiner: miner,
    capacity: step,
    weeks,
    maxPrice: price,
    minPledgeRate: pledgeRate,
    maxBond: bond,
    challenges,
  }
  const { total } = orderTotal({ price, capacity: step, weeks, bond, challenges })
  await act('createOrder', draws.pick(USERS), head + 1n, createOrderCall(world.net.market, terms), {
    ...quiet,
    takes: total,
  })
}

async function step(draws: Draws): Promise<void> {
  const [orders, bills] = await Promise.all([world.orders(), world.bills()])
  const { market } = world.net
  const open = bills.filter((bill) => !bill.cancelled && bill.free > 0n && bill.expiresAt > head + 1n)
  const preparing = orders.filter(
    (order) => order.state === 'preparing' && head + 2n <= order.createdAt + PARAMETERS.prepareWindow,
  )
  const running = orders.filter(({ state, endsAt }) => state === 'active' && endsAt > head)
  if (open.length < 3) return newBill(draws)
  if (running.length + preparing.length < 9) return newOrder(draws, draws.pick(open))
  if (preparing.length > 0 && draws.chance(0.35)) {
    const order = draws.pick(preparing)
    const commitment = { root: oneLeaf(order.capacity).root, size: 1_024n }
    for (const side of ['user', 'miner'] as const) {
      await act(
        'prepare',
        order[side],
        head + 1n,
        prepareCall(market, order.orderId, side, commitment),
        quiet,
      )
    }
    return
  }
  const kind = draws.pick<ActKind>(ACT_KINDS)
  const drawn = drawAct(kind, { draws, market, head, orders, bills, credit: books.credit, operator })
  const { explained } = drawn
  expect(explained.title.length * explained.sentence.length * explained.facts.length).toBeGreaterThan(0)
  await act(kind, drawn.by, drawn.at, drawn.call, explained)
  if (drawn.orderId === null || explained.problems.length > 0) return
  const after = await world.order(drawn.orderId)
  expect(after.state === 'active' ? after.endsAt : null, `the end after ${kind}`).toBe(explained.endsAt)
}

describe('what people are told before they sign equals what the chain does', () => {
  it('any act by anyone at any moment: every credit, every refusal', async () => {
    const draws = createDraws(4)
    operator = { scopes: 6, expiresAt: head + OPERATOR_ENDS }
    for (const owner of [...USERS, ...MINERS]) {
      const grant = { operator: OPERATOR, ...operator }
      await act('setOperator', owner, head + 1n, setOperatorCall(world.net.market, grant), quiet)
    }
    const steps = 700
    for (let i = 0; i < steps; i++) await step(draws)
    for (const kind of ACT_KINDS) expect([kind, (done.get(kind) ?? 0) >= 2]).toEqual([kind, true])
    // Of the refusals that these acts know, nearly all were met; which ones depends on the seed.
    expect(refused.size, [...refused.keys()].join(' ')).toBeGreaterThanOrEqual(22)
  }, 280_000)

  it('in the end all of it is paid out: nothing is left, nothing is missing', async () => {
    const { market } = world.net
    const parameters = PARAMETERS
    for (const { orderId } of await world.orders()) {
      const order = await world.order(orderId)
      const bills = await world.bills()
      const bill = bills.find(({ billId }) => billId === order.billId) as BillOnChain
      const by = STRANGER
      const now = head + 1n
      if (order.state === 'preparing') {
        const explained = explainCancelOrder({ order, bill, parameters, now, by: order.user })
        await act('cancelOrder', order.user, now, cancelOrderCall(market, orderId), explained)
      } else if (order.state === 'active' && order.challenge !== null) {
        const late = order.challenge.deadline >= now ? order.challenge.deadline + 1n : now
        const rewardTo = STRANGER
        const explained = explainSlash({ order, parameters, now: late, by, market, rewardTo })
        await act('slash', by, late, slashCall(market, orderId, rewardTo), explained)
      } else if (order.state === 'active') {
        const late = order.endsAt >= now ? order.endsAt + 1n : now
        const explained = explainFinish({ order, parameters, now: late, by })
        await act('finish', by, late, finishCall(market, orderId), explained)
      }
    }
    for (const bill of await world.bills()) {
      if (bill.cancelled) continue
      const explained = explainCancelBill({ bill, now: head + 1n, by: bill.miner })
      await act('cancelBill', bill.miner, head + 1n, cancelBillCall(market, bill.billId), explained)
    }
    for (const [account, credit] of books.credit) {
      if (credit === 0n) continue
      const explained = explainWithdraw({ account, credit })
      await act('withdraw', STRANGER, head + 1n, withdrawCall(market, account), explained)
    }
    expect([books.tracked, books.held]).toEqual([0n, 0n])
    expect([...books.token.values()].reduce((sum, amount) => sum + amount, 0n)).toBe(books.supply)
  }, 60_000)
})
