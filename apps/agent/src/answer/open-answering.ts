import type { AgentContext } from '../agent-context.ts'
import { findContract, listContracts } from '../contract/contract-rows.ts'
import { findOrderRow, listOrderRows } from '../sector/sector-rows.ts'
import { listWatched } from '../watch/watch-rows.ts'
import { watchedCopy } from '../watch/watched-copy.ts'
import type { AnswerService } from './answer-service.ts'
import { openAnswerService } from './answer-service.ts'
import type { AnswerContext } from './context.ts'

/** Answers challenges of everything that this host stores: by its own rows and its disks' journals, whichever knows of it. */
export function openAnswering(ctx: AgentContext): AnswerService {
  return openAnswerService(answerContext(ctx), { orders: () => ordersToAnswer(ctx) })
}

export function ordersToAnswer({ store }: Pick<AgentContext, 'store'>): bigint[] {
  const orders = new Set<bigint>()
  for (const { orderId, state, finalAt } of listContracts(store, 'miner')) {
    // an end that a reorg may still take back counts as no end
    if (state !== 'closed' || finalAt !== null) orders.add(orderId)
  }
  for (const { orderId } of listOrderRows(store)) orders.add(BigInt(orderId))
  for (const { orderId, dataPath } of listWatched(store)) if (dataPath !== null) orders.add(orderId)
  return [...orders]
}

export function answerContext(ctx: AgentContext): AnswerContext {
  const { store, journal, rpc, operator, sender, alarms, config, sectors, signal } = ctx
  return {
    store,
    journal,
    rpc,
    market: config.chain.market,
    operator,
    sender,
    alarms,
    parameters: async () => (await ctx.account()).facts.parameters,
    async proofs(orderId, { anew }) {
      const source = anew ? await sectors.reopen(orderId) : await sectors.open(orderId)
      return source ?? watchedCopy(ctx, orderId)
    },
    roleIn: (orderId) =>
      findContract(store, orderId, 'miner') || findOrderRow(store, String(orderId)) ? 'miner' : 'watcher',
    mostGasWei: config.answer.mostGasWei,
    tokenPriceWei: config.answer.tokenPriceWei,
    signal,
  }
}
