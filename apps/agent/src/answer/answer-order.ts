import { answerCall } from '@dmc/core/chain/acts/answer'
import { reading } from '@dmc/core/chain/chain-error'
import { readOrder } from '@dmc/core/chain/read-order'
import type { OrderOnChain } from '@dmc/core/chain/types'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import { formatDuration } from '@dmc/core/units/format-duration'
import { formatTime } from '@dmc/core/units/format-time'
import { formatTokens } from '@dmc/core/units/format-tokens'
import type { Hex } from 'viem'
import type { TransactionProgress, TransactionResult } from '../chain/transaction-types.ts'
import { timeLeft, type Urgency } from '../chain/urgency.ts'
import { crashPoint } from '../store/crash-point.ts'
import { type AnswerWork, beginAnswer, findAnswer, openAnswers, setAnswer } from './answer-rows.ts'
import { buildAnswer } from './build-answer.ts'
import type { AnswerContext } from './context.ts'
import { orderNotHere } from './order-not-here.ts'

/** What one look at an order found: nothing to do any more, or to be looked at again. */
export type AnswerLook = 'over' | 'again'

/** Between two looks at what is on its way. */
const PATIENCE_MS = 20_000

/**
 * flow 14: one look at an order by the newest block, and the next step to have its challenge answered: the transaction that is on
 * its way is waited for, else leaf and path are built, checked and sent. Acts on a block without confirmations: to wait for them
 * would waste the window, and an answer that a reorg makes needless costs its gas and nothing else.
 * @throws whatever stands in the way now (data, gas, chain); the caller tries again until the deadline
 */
export async function answerOrder(context: AnswerContext, orderId: bigint): Promise<AnswerLook> {
  const { rpc, market, sender, signal } = context
  const head = await rpc.head(0)
  const [order, block] = await Promise.all([
    readOrder(rpc.client, { market, orderId, blockNumber: head }),
    reading(`block ${head}`, () => rpc.client.getBlock({ blockNumber: head })),
  ])
  const { challenge } = order
  if (challenge === null || order.state !== 'active') return settle(context, order)
  const { deadline, leafIndex } = challenge
  const role = context.roleIn(orderId)
  const late = block.timestamp > deadline
  if (late && findAnswer(context.store, orderId, deadline)?.state === 'failed') return 'over'
  // before anything is noted: a node that is behind still shows a challenge that was answered
  const intent = await intentOf(context, order, head)
  if (intent === null) return 'again'
  const { work, isNew } = beginAnswer(context.store, { orderId, deadline, leaf: leafIndex, role })
  if (isNew) noteOpened(context, order, work)
  const { answerWindow } = await context.parameters()
  const urgency: Urgency = { deadline, window: answerWindow, mostWei: atStake(context, order) }
  if (late) return missed(context, order, work, intent)
  tellDeadline(context, work, timeLeft(urgency, block.timestamp), block.timestamp)
  const how = {
    signal,
    patienceMs: PATIENCE_MS,
    onProgress: noteProgress(context, work),
  }
  let underway = sender.join(intent, how)
  if (underway === null) {
    const proof = await prove(context, order, work)
    if (signal.aborted) return 'over'
    setAnswer(context.store, work, { state: 'proven', intent })
    const call = answerCall(market, orderId, proof)
    const request = { intent, account: context.operator, call, subject: `order:${orderId}`, urgency }
    underway = sender.send({ ...request, retryFailed: true }, how)
  } else setAnswer(context.store, work, { intent })
  await confirmed(context, work, await underway)
  return 'again'
}

/** Named by what it proves, and counted: the same leaf may be asked for again another day. null: the node is behind. */
async function intentOf(context: AnswerContext, order: OrderOnChain, head: bigint): Promise<string | null> {
  const { challenge, commitment, orderId } = order
  for (let round = 0; ; round++) {
    const intent = `answer:${context.market}:${orderId}:${challenge?.leafIndex}:${commitment?.root}:${round}`
    const found = context.sender.find(intent)
    if (found === null || found === 'pending') return intent
    if (found.blockNumber > head) return null
    // it was answered by this one and then asked for again, or a reorg deeper than the confirmations took the answer back
    const { hash } = await reading(`block ${found.blockNumber}`, () =>
      context.rpc.client.getBlock({ blockNumber: found.blockNumber }),
    )
    if (hash !== found.blockHash && (await context.sender.reopenLost(context.operator.address)) > 0)
      return null
  }
}

async function prove(context: AnswerContext, order: OrderOnChain, work: AnswerWork) {
  const { orderId } = order
  const attempts = (findAnswer(context.store, orderId, work.deadline)?.attempts ?? 0) + 1
  setAnswer(context.store, work, { attempts })
  try {
    const held = await context.proofs(orderId, { anew: attempts > 1 })
    if (held === null) {
      throw orderNotHere(orderId)
    }
    const proof = await buildAnswer(held, order, work.leaf)
    context.alarms.clear(`data:${orderId}`, `The data of order ${orderId} can be read again.`)
    return proof
  } catch (thrown) {
    const { code, message, hint } = toDmcError(thrown)
    if (code !== 'INTERRUPTED' && !context.signal.aborted) {
      context.alarms.raise({
        key: `data:${orderId}`,
        level: 'error',
        subject: `order:${orderId}`,
        message: `Order ${orderId} is challenged and its data can't be proved: ${message}`,
        hint,
      })
    }
    throw thrown
  }
}

/** With a known price never more than the pledge is worth; else what the person allows. */
function atStake({ mostGasWei, tokenPriceWei }: AnswerContext, order: OrderOnChain): bigint {
  if (tokenPriceWei === null) return mostGasWei
  const worth = ((order.pledge + order.bond) * tokenPriceWei) / 10n ** 18n
  return worth < mostGasWei ? worth : mostGasWei
}

function noteOpened(context: AnswerContext, order: OrderOnChain, work: AnswerWork): void {
  context.journal.add({
    level: 'warning',
    event: 'challenge-opened',
    subject: `order:${order.orderId}`,
    message: `Order ${order.orderId} is challenged on chain: leaf ${work.leaf} must be proved by ${formatTime(work.deadline)}, or the pledge of ${formatTokens(order.pledge)} is lost.`,
    data: { leaf: work.leaf, deadline: work.deadline },
  })
}

function noteProgress(
  { store, onProgress }: AnswerContext,
  work: AnswerWork,
): (progress: TransactionProgress) => void {
  let noted: Hex | null = null
  return (progress) => {
    const { state, hash } = progress
    onProgress?.(progress)
    if (state === 'confirmed' || hash === noted) return
    noted = hash
    setAnswer(store, work, { state: 'sent', hash, error: null })
    if (state === 'sent') crashPoint('answer-sent')
  }
}

async function confirmed(context: AnswerContext, work: AnswerWork, result: TransactionResult): Promise<void> {
  const { orderId } = work
  const answered = result.events.some(
    (event) => event.name === 'ChallengeAnswered' && event.args.orderId === orderId,
  )
  if (!answered) return
  setAnswer(context.store, work, { state: 'confirmed', hash: result.hash, error: null })
  clearAlarms(context, orderId, work.deadline)
  context.journal.add({
    event: 'challenge-answered',
    subject: `order:${orderId}`,
    message: `The challenge of order ${orderId} is answered: leaf ${work.leaf} was proved in block ${result.blockNumber}.`,
    data: { leaf: work.leaf, hash: result.hash, block: result.blockNumber },
  })
}

function clearAlarms({ alarms }: AnswerContext, orderId: bigint, deadline: bigint): void {
  alarms.clear(`deadline:${orderId}:${deadline}`, `The challenge of order ${orderId} is answered.`)
  alarms.clear(`missed:${orderId}`)
  alarms.clear(`data:${orderId}`, `The challenge of order ${orderId} is over.`)
}

/** No challenge stands: what was in work was answered, taken back by a reorg, or is lost with the order. */
async function settle(context: AnswerContext, order: OrderOnChain): Promise<AnswerLook> {
  const { orderId } = order
  for (const work of openAnswers(context.store, orderId)) {
    const underway =
      work.intent === null
        ? null
        : context.sender.join(work.intent, { signal: context.signal, patienceMs: PATIENCE_MS })
    if (underway !== null) {
      // it may have been mined just now: only its confirmations tell
      const result = await underway.catch((error: unknown) => {
        if (
          DmcError.is(error) &&
          (error.retryable || error.code === 'INTERRUPTED' || error.code === 'NO_GAS')
        )
          throw error
        return null
      })
      if (result !== null) await confirmed(context, work, result)
      return 'again'
    }
    const { cooldown, answerWindow } = await context.parameters()
    const answeredAt = order.nextChallengeAt - cooldown
    if (
      order.state === 'active' &&
      answeredAt <= work.deadline &&
      answeredAt >= work.deadline - answerWindow
    ) {
      setAnswer(context.store, work, { state: 'confirmed', hash: null, error: null })
      context.journal.add({
        event: 'challenge-answered',
        subject: `order:${orderId}`,
        message: `The challenge of order ${orderId} was answered by somebody else; nothing is left to do.`,
      })
    } else {
      const error = new DmcError(
        'MARKET_NO_CHALLENGE',
        `Order ${orderId} (${order.state}) is no longer challenged, and nobody answered.`,
        {
          hint:
            order.state === 'active'
              ? 'A reorg took the challenge back; when it comes again it is answered.'
              : 'Look at the order: dmc-agent order show',
        },
      )
      setAnswer(context.store, work, { state: 'failed', error: error.toJSON() })
    }
    clearAlarms(context, orderId, work.deadline)
  }
  if (order.state !== 'active') context.alarms.clear(`missed:${orderId}`)
  return 'over'
}

/** Too late by the chain's own time: nothing is sent any more. What is on its way may still turn out to have been in time. */
async function missed(
  context: AnswerContext,
  order: OrderOnChain,
  work: AnswerWork,
  intent: string,
): Promise<AnswerLook> {
  const { orderId } = order
  const underway = context.sender.join(intent, { signal: context.signal, patienceMs: PATIENCE_MS })
  if (underway !== null) {
    const result = await underway.catch(() => null)
    if (result !== null) await confirmed(context, work, result)
    if (findAnswer(context.store, orderId, work.deadline)?.state === 'confirmed') return 'again'
    if (context.sender.find(intent) === 'pending') return 'again'
  }
  const why = findAnswer(context.store, orderId, work.deadline)?.error
  const error = new DmcError(
    'MARKET_ANSWER_TOO_LATE',
    `The challenge of order ${orderId} had to be answered by ${formatTime(work.deadline)} and was not.${why ? ` ${why.message}` : ''}`,
    { hint: 'The order can be slashed now: the pledge is lost.' },
  )
  setAnswer(context.store, work, { state: 'failed', error: error.toJSON() })
  context.alarms.clear(`deadline:${orderId}:${work.deadline}`, error.message)
  context.alarms.raise({
    key: `missed:${orderId}`,
    level: work.role === 'miner' ? 'error' : 'warning',
    subject: `order:${orderId}`,
    message: error.message,
    hint: error.hint,
  })
  return 'over'
}

/** At half, a quarter and a tenth of the window: once each. */
const STEPS = [10, 25, 50]

function tellDeadline({ store, alarms }: AnswerContext, work: AnswerWork, left: number, now: bigint): void {
  const step = STEPS.find((percent) => left * 100 <= percent)
  if (step === undefined || step >= work.told) return
  setAnswer(store, work, { told: step })
  alarms.raise({
    key: `deadline:${work.orderId}:${work.deadline}`,
    level: step <= 25 ? 'error' : 'warning',
    subject: `order:${work.orderId}`,
    message: `The challenge of order ${work.orderId} is not answered yet; ${formatDuration(work.deadline - now)} (less than ${step} % of its time) are left.`,
    hint: `dmc-agent challenge list says what is in the way; in need answer it from elsewhere: dmc-agent challenge answer ${work.orderId}`,
  })
}
