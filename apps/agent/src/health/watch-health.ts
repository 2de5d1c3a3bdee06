import { reading } from '@dmc/core/chain/chain-error'
import { readOperator } from '@dmc/core/chain/read-operator'
import { readOrder } from '@dmc/core/chain/read-order'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import { FINAL_ORDER_STATES } from '@dmc/core/market/states'
import { formatTime } from '@dmc/core/units/format-time'
import { formatTokens } from '@dmc/core/units/format-tokens'
import type { AgentContext } from '../agent-context.ts'
import { rest } from '../chain/back-off.ts'
import { estimateFees } from '../chain/estimate-fees.ts'
import { listContracts } from '../contract/contract-rows.ts'

/** Units of gas of an answer, with its calldata and a margin. */
const ANSWER_GAS = 250_000n
const FEWEST_ANSWERS = 3
const MOST_ANSWERS = 20
const DAY = 86_400n
/** Orders change their end seldom; each is asked for one by one. */
const ORDERS_MS = 600_000
/** A chain that is silent for a moment is no alarm. */
const SILENT_MS = 60_000

/** Raises alarms before anything is late: the key's authority ends before an order does, or its gas does not suffice. */
export function watchHealth(ctx: AgentContext, everyMs?: number): { close(): Promise<void> } {
  const { signal, rpc } = ctx
  const pauseMs = everyMs ?? (rpc.pollMs < 1000 ? 3_000 : 30_000)
  let orders: { orderId: bigint; role: 'user' | 'miner'; endsAt: bigint }[] = []
  let ordersKey = ''
  let ordersAt = Number.NEGATIVE_INFINITY
  let answeredAt = performance.now()

  const readOrders = async () => {
    const rows = (['miner', 'user'] as const).flatMap((role) =>
      listContracts(ctx.store, role)
        .filter(({ state }) => state !== 'closed' && state !== 'refused')
        .map(({ orderId }) => ({ orderId, role })),
    )
    const key = rows.map(({ orderId, role }) => `${role}${orderId}`).join()
    if (key === ordersKey && performance.now() - ordersAt < ORDERS_MS) return
    const found: typeof orders = []
    for (const row of rows) {
      try {
        const order = await readOrder(rpc.client, { market: ctx.config.chain.market, orderId: row.orderId })
        if (!FINAL_ORDER_STATES.includes(order.state)) found.push({ ...row, endsAt: order.endsAt })
      } catch (error) {
        if (!DmcError.is(error) || error.code !== 'ORDER_NOT_FOUND') throw error
      }
    }
    orders = found
    ordersKey = key
    ordersAt = performance.now()
  }

  const look = async () => {
    await readOrders()
    const block = await reading('the newest block', () => rpc.client.getBlock({ blockTag: 'latest' }))
    answeredAt = performance.now()
    ctx.alarms.clear('chain', 'The chain answers again.')
    await lookAtOperator(ctx, orders, block.timestamp)
    await lookAtGas(ctx, orders)
  }

  const looking = (async () => {
    while (!signal.aborted) {
      try {
        await look()
      } catch (thrown) {
        const { code, message, hint } = toDmcError(thrown)
        if (!signal.aborted && code !== 'INTERRUPTED' && performance.now() - answeredAt > SILENT_MS) {
          ctx.alarms.raise({ key: 'chain', level: 'error', subject: '', message, hint })
        }
      }
      await rest(pauseMs, signal)
    }
  })()
  return { close: () => looking }
}

type Promised = readonly { orderId: bigint; role: 'user' | 'miner'; endsAt: bigint }[]

async function lookAtOperator(ctx: AgentContext, orders: Promised, now: bigint): Promise<void> {
  const { alarms, operator, rpc, config } = ctx
  const owner = ctx.wallet?.address ?? config.owner
  const last = orders.reduce((latest, order) => (order.endsAt > latest.endsAt ? order : latest), {
    orderId: 0n,
    endsAt: 0n,
  })
  if (owner === null || orders.length === 0 || owner.toLowerCase() === operator.address.toLowerCase()) {
    return alarms.clear('operator')
  }
  const { market } = config.chain
  const { scopes, expiresAt } = await readOperator(rpc.client, { market, owner, operator: operator.address })
  const raise = (level: 'warning' | 'error', message: string) =>
    alarms.raise({ key: 'operator', level, subject: '', message, hint: 'dmc-agent operator authorise' })
  if (scopes === 0 || expiresAt < now) {
    return raise('error', 'This host’s key may not act for the wallet (never authorised, or expired).')
  }
  if (expiresAt < last.endsAt) {
    return raise(
      expiresAt < now + 3n * DAY ? 'error' : 'warning',
      `This host’s key may act for the wallet until ${formatTime(expiresAt)}; order ${last.orderId} runs until ${formatTime(last.endsAt)}.`,
    )
  }
  if (expiresAt < now + 3n * DAY) {
    return raise('error', `This host’s key may act for the wallet until ${formatTime(expiresAt)} only.`)
  }
  alarms.clear('operator', 'This host’s key may act for the wallet long enough again.')
}

/** Every order that is stored here may be challenged on the same day. */
async function lookAtGas(ctx: AgentContext, orders: Promised): Promise<void> {
  const { alarms, operator, rpc } = ctx
  if (orders.length === 0) return alarms.clear('gas')
  const stored = orders.filter(({ role }) => role === 'miner').length
  const answers = BigInt(Math.min(MOST_ANSWERS, Math.max(FEWEST_ANSWERS, stored)))
  const [fees, balance] = await Promise.all([
    estimateFees(rpc.client),
    reading('the operator’s gas money', () => rpc.client.getBalance({ address: operator.address })),
  ])
  const one = ANSWER_GAS * fees.maxFeePerGas
  if (balance >= one * answers) return alarms.clear('gas', 'The operator has gas money again.')
  const coin = { symbol: 'ETH' }
  alarms.raise({
    key: 'gas',
    level: balance < one ? 'error' : 'warning',
    subject: '',
    message: `The operator ${operator.address} has ${formatTokens(balance, coin)} for gas: not enough for ${answers} acts at today’s price.`,
    hint: `Send it ${formatTokens(one * answers - balance, { ...coin, round: 'up' })} of the chain’s coin, or: dmc-agent operator authorise --gas 0.05`,
  })
}
