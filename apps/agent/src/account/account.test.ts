import { approveCall } from '@dmc/core/chain/acts/token-call'
import { listOrdersOf } from '@dmc/core/chain/list-orders-of'
import { readOrder } from '@dmc/core/chain/read-order'
import { OPERATOR_SCOPES } from '@dmc/core/chain/types'
import { DmcError } from '@dmc/core/errors/dmc-error'
import type { Devnet } from '@dmc/testkit/devnet'
import { type LocalAccount, parseEther } from 'viem'
import { beforeAll, describe, expect, it } from 'vitest'
import { useAccountHosts } from '../../test/support/account-hosts.ts'
import { authoriseOperator, planAuthorise } from './authorise-operator.ts'
import { cancelBill, planCancelBill } from './cancel-bill.ts'
import { cancelOrder, planCancelOrder } from './cancel-order.ts'
import { type BillWish, createBill, planBill } from './create-bill.ts'
import { createOrder, type OrderWish, planOrder } from './create-order.ts'
import { takeFromFaucet } from './faucet.ts'
import { listBills, listOwnBills, matchBills } from './list-bills.ts'
import { orderAct } from './order-act.ts'
import { prepare } from './prepare.ts'
import { cutText, refuseOrder } from './refuse-order.ts'
import { planEndpoint, setEndpoint } from './set-endpoint.ts'
import { planWithdraw, withdraw } from './withdraw.ts'

const { host, chain } = useAccountHosts()
let net: Devnet
beforeAll(() => {
  net = chain()
})

const BILL: BillWish = {
  capacity: 4096n,
  step: 256n,
  price: parseEther('2'),
  pledgeRate: 3,
  minWeeks: 2,
  maxWeeks: 52,
  bond: parseEther('0.25'),
  openWeeks: 10,
  endpoint: 'http://127.0.0.1:4600',
}
const WISH: OrderWish = { capacity: 300n, weeks: 6, challenges: 4 }
const ROOT = `0x${'ab'.repeat(32)}` as const
const NEXT = `0x${'cd'.repeat(32)}` as const

let wishes = 0
const intent = () => ({ intent: `test:${wishes++}` })

async function errorOf(work: Promise<unknown>): Promise<DmcError> {
  const error = await work.then(
    () => new Error('nothing was thrown'),
    (thrown: unknown) => thrown,
  )
  if (!DmcError.is(error)) throw error
  return error
}

describe('flows 2 to 10: bill, order and both prepares through the account service', () => {
  it('does what it showed before, to the last wei', async () => {
    const miner = await host()
    const user = await host()

    // flow 2, flow 3: the first bill, one transaction
    const billPlan = await planBill(miner.context, BILL)
    expect(billPlan.plan.problems).toEqual([])
    expect(billPlan.plan.transactions.map(({ name }) => name)).toEqual(['openAsMiner'])
    const beforeBill = await miner.money()
    const bill = await createBill(miner.context, BILL, intent())
    const afterBill = await miner.money()
    expect(beforeBill.token - afterBill.token).toBe(billPlan.plan.pledge)
    expect(afterBill.token).toBe(billPlan.plan.token.after)
    // 2 DMC x 4 GiB x rate 3
    expect(billPlan.plan.pledge).toBe(parseEther('24'))
    const spent = beforeBill.gasWei - afterBill.gasWei
    expect(spent).toBe((bill.result?.feeWei ?? 0n) + (bill.plan?.gasFloatWei ?? 0n))
    expect(bill.result?.feeWei).toBeLessThanOrEqual(billPlan.plan.gas.feeWei)
    const minerKey = await miner.context.reader.operator(
      miner.wallet as `0x${string}`,
      miner.context.operator.address,
    )
    const { PREPARE, REFUSE, ENDPOINT, CHALLENGE } = OPERATOR_SCOPES
    expect(minerKey.scopes).toBe(PREPARE | REFUSE | ENDPOINT)
    expect(await miner.context.reader.endpoint(bill.billId)).toBe(BILL.endpoint)
    const floated = await net.client.getBalance({ address: miner.context.operator.address })
    expect(floated).toBe(bill.plan?.gasFloatWei)
    expect(await listOwnBills(miner.context, miner.wallet as `0x${string}`)).toHaveLength(1)

    // flow 6, flow 7: the first order, one transaction
    const wish = { ...WISH, billId: bill.billId }
    const orderPlan = await planOrder(user.context, wish)
    expect(orderPlan.plan.problems).toEqual([])
    // 300 MiB are two steps of 256: 512 MiB = half a GiB at 2 DMC for 6 weeks
    expect(orderPlan.plan.cost).toBe(parseEther('6'))
    expect(orderPlan.plan.reserve).toBe(parseEther('1'))
    expect(orderPlan.plan.pledge).toBe(parseEther('3'))
    const beforeOrder = await user.money()
    const taken = await createOrder(user.context, { ...wish, maxCost: parseEther('7') }, intent())
    const afterOrder = await user.money()
    expect(beforeOrder.token - afterOrder.token).toBe(parseEther('7'))
    expect(afterOrder.token).toBe(orderPlan.plan.token.after)
    expect(afterOrder.allowance).toBe(0n)
    const order = await user.context.reader.order(taken.orderId)
    expect(order).toMatchObject({
      state: 'preparing',
      capacity: 512n,
      weeks: 6,
      escrow: orderPlan.plan.cost,
      reserve: orderPlan.plan.reserve,
      pledge: orderPlan.plan.pledge,
      miner: miner.wallet,
      user: user.wallet,
    })
    const userKey = await user.context.reader.operator(
      user.wallet as `0x${string}`,
      user.context.operator.address,
    )
    expect(userKey.scopes).toBe(PREPARE | CHALLENGE)

    // flow 7, flow 10: both statements, by the operators
    const commitment = { root: ROOT, size: 4096n }
    expect(await prepare(user.context, taken.orderId, 'user', commitment)).not.toBeNull()
    expect(await prepare(miner.context, taken.orderId, 'miner', commitment)).not.toBeNull()
    const active = await user.context.reader.order(taken.orderId)
    expect(active.state).toBe('active')
    expect(active.commitment).toEqual(commitment)
    expect(active.endsAt).toBeGreaterThanOrEqual(orderPlan.explanation.earliestEnd)
    expect(active.endsAt).toBeLessThanOrEqual(orderPlan.explanation.latestEnd)

    // Stated again: nothing is sent.
    const nonce = await net.client.getTransactionCount({ address: user.context.operator.address })
    await prepare(user.context, taken.orderId, 'user', commitment)
    expect(await net.client.getTransactionCount({ address: user.context.operator.address })).toBe(nonce)

    // A second backup grows it.
    const grown = { root: NEXT, size: 8192n }
    await prepare(miner.context, taken.orderId, 'miner', grown)
    await prepare(user.context, taken.orderId, 'user', grown)
    expect((await user.context.reader.order(taken.orderId)).commitment).toEqual(grown)

    // The second order needs neither grant nor float.
    const second = await planOrder(user.context, wish)
    expect(second.plan.gasFloatWei).toBeUndefined()
    const next = await createOrder(user.context, wish, intent())
    const orders = await listOrdersOf(net.client, { market: net.market, user: user.wallet as `0x${string}` })
    expect(orders.map(({ orderId }) => orderId)).toEqual([next.orderId, taken.orderId])
  })

  it('asks for the same wish twice: one order, one payment, also when the money is gone by then', async () => {
    const miner = await host()
    const bill = await createBill(miner.context, BILL, intent())
    const user = await host()
    const wish = { ...WISH, billId: bill.billId }
    const same = intent()
    const [first, second] = await Promise.all([
      createOrder(user.context, wish, same),
      createOrder(user.context, wish, same),
    ])
    expect(second.orderId).toBe(first.orderId)
    const again = await createOrder(user.context, { ...wish, weeks: 50 }, same)
    expect(again.orderId).toBe(first.orderId)
    expect(again.plan).toBeNull()
    expect(
      await listOrdersOf(net.client, { market: net.market, user: user.wallet as `0x${string}` }),
    ).toHaveLength(1)
  })

  it('a statement that was withdrawn or replaced can be made again', async () => {
    const miner = await host()
    const bill = await createBill(miner.context, BILL, intent())
    const user = await host()
    const { orderId } = await createOrder(user.context, { ...WISH, billId: bill.billId }, intent())
    const a = { root: ROOT, size: 4096n }
    const b = { root: NEXT, size: 4096n }
    for (const commitment of [a, b, a]) {
      expect(await prepare(user.context, orderId, 'user', commitment)).not.toBeNull()
      const order = await readOrder(net.client, { market: net.market, orderId })
      expect(order.userPrepare).toMatchObject(commitment)
    }
  })
})

describe('refusing and giving back', () => {
  it('flow 8: the miner refuses with a reason, the user is refunded and can withdraw', async () => {
    const miner = await host()
    const bill = await createBill(miner.context, BILL, intent())
    const user = await host()
    const start = await user.money()
    const { orderId, plan } = await createOrder(user.context, { ...WISH, billId: bill.billId }, intent())
    await refuseOrder(miner.context, orderId, 'no space left on the disk')
    expect(await refuseOrder(miner.context, orderId, 'again')).not.toBeNull()
    expect((await user.context.reader.order(orderId)).state).toBe('refused')
    const { credit } = await user.money()
    expect(credit).toBe((plan?.cost ?? 0n) + (plan?.reserve ?? 0n))
    const shown = await planWithdraw(user.context)
    expect(shown.plan.refund).toBe(credit)
    await withdraw(user.context, intent())
    const end = await user.money()
    expect(end.token).toBe(start.token)
    expect(end.token).toBe(shown.plan.token.after)
    expect((await planWithdraw(user.context)).plan.transactions).toEqual([])
    expect((await errorOf(prepare(user.context, orderId, 'user', { root: ROOT, size: 1024n }))).code).toBe(
      'ORDER_REFUSED',
    )
  })

  it('the user cancels a preparing order, the miner a bill: both get exactly what was shown', async () => {
    const miner = await host()
    const bill = await createBill(miner.context, BILL, intent())
    const user = await host()
    const { orderId } = await createOrder(user.context, { ...WISH, billId: bill.billId }, intent())
    const refund = (await planCancelOrder(user.context, orderId)).plan.refund
    await cancelOrder(user.context, orderId, intent())
    expect((await user.money()).credit).toBe(refund)
    expect((await errorOf(planCancelOrder(user.context, orderId))).code).toBe('ORDER_STATE')

    const freed = (await planCancelBill(miner.context, bill.billId)).plan.refund
    expect(freed).toBe(parseEther('24'))
    await cancelBill(miner.context, bill.billId, intent())
    expect((await miner.money()).credit).toBe(freed)
    expect((await errorOf(planCancelBill(miner.context, bill.billId))).code).toBe('BILL_NOT_OPEN')
    expect((await errorOf(planOrder(user.context, { ...WISH, billId: bill.billId }))).code).toBe(
      'BILL_NOT_OPEN',
    )
  })

  it('an allowance that another act has used up is given anew, and the act goes on', async () => {
    const miner = await host()
    const { billId } = await createBill(miner.context, BILL, intent())
    const user = await host()
    const { orderId } = await createOrder(user.context, { ...WISH, billId }, intent())
    const act = { kind: 'top-up', challenges: 3 } as const
    const wish = intent()
    // it ends between the allowance and the act
    const gone = new AbortController()
    const cut = await errorOf(
      orderAct(user.context, orderId, act, {
        ...wish,
        signal: gone.signal,
        onProgress: ({ name, state }) => {
          if (name === 'approve' && state === 'confirmed') gone.abort()
        },
      }),
    )
    expect(cut.code).toBe('INTERRUPTED')
    const takes = 3n * BILL.bond
    expect((await user.money()).allowance).toBe(takes)
    const { facts, market, sender, wallet } = user.context
    const call = approveCall(facts.token, market, 0n)
    await sender.send({ ...intent(), account: wallet as LocalAccount, call })
    const { token } = await user.money()
    await orderAct(user.context, orderId, act, wish)
    expect(await user.money()).toMatchObject({ token: token - takes, allowance: 0n })
  })

  it('cuts a reason at 128 bytes and never inside a character', () => {
    expect(cutText('x'.repeat(200), 128)).toHaveLength(128)
    expect(Buffer.byteLength(cutText('ä€😀'.repeat(40), 128))).toBeLessThanOrEqual(128)
    expect(cutText('€'.repeat(43), 128)).toBe('€'.repeat(42))
  })
})

describe('what stands against it is said before anything is sent', () => {
  it('flow 7: matches by price, then pledge, then age, and says why', async () => {
    const [dear, cheap, same] = await Promise.all([host(), host(), host()])
    // A world of its own: only bills with this odd bond.
    const bond = 77n
    const terms = { ...BILL, bond }
    const dearBill = await createBill(dear.context, { ...terms, price: parseEther('1.5') }, intent())
    const cheapBill = await createBill(cheap.context, { ...terms, price: parseEther('0.001') }, intent())
    const sameBill = await createBill(
      same.context,
      { ...terms, price: parseEther('0.001'), pledgeRate: 9 },
      intent(),
    )
    const user = await host()
    const match = await matchBills(user.context, { ...WISH, maxBond: bond })
    expect(match.fitting.map(({ bill }) => bill.billId)).toEqual([
      sameBill.billId,
      cheapBill.billId,
      dearBill.billId,
    ])
    expect(match.reason).toContain('pledges more')
    const plan = await planOrder(user.context, {
      ...WISH,
      maxBond: bond,
      exceptMiners: [same.wallet as `0x${string}`],
    })
    expect(plan.bill.billId).toBe(cheapBill.billId)
    const named = await planOrder(user.context, {
      ...WISH,
      maxBond: bond,
      miner: dear.wallet as `0x${string}`,
    })
    expect(named.bill.billId).toBe(dearBill.billId)
    const none = await errorOf(planOrder(user.context, { ...WISH, weeks: 500 }))
    expect(none.code).toBe('NO_BILL_MATCHES')
    expect(none.message).toContain('52 weeks')
    expect((await listBills(user.context)).bills.length).toBeGreaterThanOrEqual(3)
  })

  it('names the misfit of a bill that was asked for', async () => {
    const miner = await host()
    const { billId } = await createBill(miner.context, BILL, intent())
    const user = await host()
    const code = async (wish: Partial<OrderWish>) =>
      (await errorOf(planOrder(user.context, { ...WISH, billId, ...wish }))).code
    expect(await code({ capacity: 9999n })).toBe('BILL_TOO_SMALL')
    expect(await code({ maxPrice: 1n })).toBe('BILL_TOO_DEAR')
    expect(await code({ weeks: 1 })).toBe('ORDER_TERMS')
    expect(await code({ billId: 10n ** 6n })).toBe('BILL_NOT_FOUND')
    expect((await errorOf(planOrder(miner.context, { ...WISH, billId }))).message).toContain('your own')
    const dearer = createOrder(user.context, { ...WISH, billId, maxCost: 1n }, intent())
    expect((await errorOf(dearer)).code).toBe('BILL_TOO_DEAR')
  })

  it('no token, no gas, no wallet: codes with values, nothing sent', async () => {
    const miner = await host()
    const { billId } = await createBill(miner.context, BILL, intent())
    const wish = { ...WISH, billId }
    const poor = await host({ faucetCalls: 0 })
    const plan = await planOrder(poor.context, wish)
    expect(plan.plan.problems.map(({ code }) => code)).toEqual(['NO_TOKEN'])
    expect(plan.plan.problems[0]?.message).toContain('7 DMC are needed')
    expect((await errorOf(createOrder(poor.context, wish, intent()))).code).toBe('NO_TOKEN')
    const dry = await host({ ethWei: 1n })
    expect((await errorOf(createOrder(dry.context, wish, intent()))).code).toBe('NO_GAS')
    expect(await net.client.getTransactionCount({ address: poor.wallet as `0x${string}` })).toBe(0)
    const blind = await host({ wallet: null })
    expect((await errorOf(planOrder(blind.context, wish))).code).toBe('KEY_MISSING')
  })

  it('terms that the Market refuses are problems of the plan, in its words', async () => {
    const miner = await host()
    const plan = await planBill(miner.context, { ...BILL, capacity: 300n })
    expect(plan.plan.problems.map(({ code }) => code)).toEqual(['MARKET_NOT_MULTIPLE'])
    const odd = await planBill(miner.context, { ...BILL, price: 1n, step: 1n, capacity: 1n })
    expect(odd.plan.problems.map(({ code }) => code)).toEqual(['MARKET_PRICE_NOT_DIVISIBLE'])
    expect((await errorOf(planBill(miner.context, { ...BILL, endpoint: 'ftp://x' }))).code).toBe(
      'ENDPOINT_INVALID',
    )
  })
})

describe('operator, endpoint, faucet', () => {
  it('an operator without the scope, or after its time, is told what to do', async () => {
    const miner = await host()
    const { billId } = await createBill(miner.context, BILL, intent())
    const user = await host()
    const { orderId } = await createOrder(user.context, { ...WISH, billId }, intent())
    const commitment = { root: ROOT, size: 1024n }
    const nobody = await host()
    expect((await errorOf(prepare(nobody.context, orderId, 'user', commitment))).code).toBe('NOT_OPERATOR')
    const plan = await planAuthorise(user.context, { scopes: 0, weeks: 1, gasFloatWei: 0n })
    expect(plan.plan.title).toContain('Revoke')
    await authoriseOperator(user.context, { scopes: 0, weeks: 1, gasFloatWei: 0n }, intent())
    const error = await errorOf(prepare(user.context, orderId, 'user', commitment))
    expect(error.code).toBe('NOT_OPERATOR')
    expect(error.hint).toContain('operator authorise')
    await authoriseOperator(
      user.context,
      { scopes: OPERATOR_SCOPES.PREPARE, weeks: 1, gasFloatWei: 5n },
      intent(),
    )
    await prepare(user.context, orderId, 'user', commitment)
    expect((await readOrder(net.client, { market: net.market, orderId })).userPrepare).toMatchObject(
      commitment,
    )
  })

  it('publishes endpoints by the operator, for one bill and for all', async () => {
    const miner = await host()
    const { endpoint: _, ...silent } = BILL
    const { billId } = await createBill(miner.context, silent, intent())
    expect(await miner.context.reader.endpoint(billId)).toBe('')
    const all = { billId: 0n, miner: miner.wallet as `0x${string}`, url: 'http://127.0.0.1:4601' }
    const byOperator = { ...miner.context, wallet: null }
    expect((await planEndpoint(byOperator, all)).plan.wallet).toBe(miner.context.operator.address)
    await setEndpoint(byOperator, all, intent())
    expect(await miner.context.reader.endpoint(billId)).toBe(all.url)
    expect((await planEndpoint(miner.context, all)).plan.transactions).toEqual([])
    const one = { ...all, billId, url: 'http://127.0.0.1:4602' }
    await setEndpoint(miner.context, one, intent())
    expect(await miner.context.reader.endpoint(billId)).toBe(one.url)
    expect((await errorOf(planEndpoint(miner.context, { ...one, url: 'x' }))).code).toBe('ENDPOINT_INVALID')
  })

  it('the faucet gives what is asked for, once per wish', async () => {
    const user = await host({ faucetCalls: 0, ethWei: 0n })
    const wish = { intent: 'faucet:test', amount: parseEther('150000') }
    const first = await takeFromFaucet(user.context, wish)
    expect(first.balance).toBe(parseEther('200000'))
    expect((await takeFromFaucet(user.context, wish)).balance).toBe(first.balance)
  })
})
