import { reading } from '@dmc/core/chain/chain-error'
import { readOrder } from '@dmc/core/chain/read-order'
import { DmcError } from '@dmc/core/errors/dmc-error'
import type { AgentContext } from '../agent-context.ts'
import { type AnswerWork, listAnswers } from '../answer/answer-rows.ts'
import { ordersToAnswer } from '../answer/open-answering.ts'
import { findContract, listContracts } from '../contract/contract-rows.ts'
import type { Handler } from '../control/handler.ts'
import type { ChallengeRow } from '../control/types.ts'
import { ordersOfOwner } from '../rows/list-orders.ts'
import { listWatched } from '../watch/watch-rows.ts'

/** On-chain challenges of what this host has to do with: open ones by the newest block, and with `all` those that are over. */
export const challengeList: Handler<'challenge.list', AgentContext> = async (ctx, { all }) => {
  const { market } = ctx.config.chain
  const { store, rpc } = ctx
  const block = await reading('the newest block', () => rpc.client.getBlock({ blockTag: 'latest' }))
  const owner = ctx.wallet?.address ?? ctx.config.owner
  const own = owner ? (await ordersOfOwner(ctx, owner)).map(({ orderId }) => orderId) : []
  const ids = new Set([
    ...ordersToAnswer(ctx),
    ...listContracts(store, 'user').map(({ orderId }) => orderId),
    ...own,
    ...listWatched(store).map(({ orderId }) => orderId),
  ])
  const works = listAnswers(store)
  const rows: ChallengeRow[] = []
  for (const orderId of ids) {
    const order = await readOrder(rpc.client, { market, orderId }).catch((error: unknown) => {
      if (DmcError.is(error) && error.code === 'ORDER_NOT_FOUND') return null
      throw error
    })
    const challenge = order?.state === 'active' ? order.challenge : null
    if (!order || challenge === null) continue
    const { deadline, leafIndex: leaf, bond } = challenge
    const work = works.find((one) => one.orderId === orderId && one.deadline === deadline)
    const late = block.timestamp > deadline
    rows.push({
      orderId,
      role: roleOf(ctx, orderId, own),
      leaf,
      deadline,
      secondsLeft: deadline - block.timestamp,
      state: late ? 'missed' : 'open',
      answer: work?.state ?? null,
      hash: work?.hash ?? null,
      error: work?.error ?? null,
      bond,
      pledge: order.pledge,
    })
  }
  const shown = new Set(rows.map(({ orderId, deadline }) => `${orderId} ${deadline}`))
  for (const work of all ? works : []) {
    if (!shown.has(`${work.orderId} ${work.deadline}`)) rows.push(overRow(work, block.timestamp))
  }
  return { challenges: rows.sort((a, b) => Number(a.deadline - b.deadline)), blockTime: block.timestamp }
}

function roleOf(ctx: AgentContext, orderId: bigint, own: readonly bigint[]): ChallengeRow['role'] {
  if (findContract(ctx.store, orderId, 'user') || own.includes(orderId)) return 'user'
  return listWatched(ctx.store).some((watched) => watched.orderId === orderId) &&
    !findContract(ctx.store, orderId, 'miner')
    ? 'watcher'
    : 'miner'
}

const overRow = (work: AnswerWork, now: bigint): ChallengeRow => ({
  orderId: work.orderId,
  role: work.role,
  leaf: work.leaf,
  deadline: work.deadline,
  secondsLeft: work.deadline - now,
  state: work.state === 'confirmed' ? 'answered' : 'over',
  answer: work.state,
  hash: work.hash,
  error: work.error,
  bond: null,
  pledge: null,
})
