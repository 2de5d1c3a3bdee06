import { randomUUID } from 'node:crypto'
import { takeFromFaucet } from '../account/faucet.ts'
import type { AgentContext } from '../agent-context.ts'
import type { Handler } from '../control/handler.ts'
import { progressOf } from '../progress-of.ts'

/** Devnet only. */
export const faucetTake: Handler<'faucet.take', AgentContext> = async (ctx, { amount }, emit, signal) => {
  const account = await ctx.account()
  const wish = { intent: `faucet:${randomUUID()}`, ...(amount === undefined ? {} : { amount }) }
  const { hash, balance } = await takeFromFaucet(account, wish, progressOf(emit, signal))
  return { hash, balance, symbol: account.facts.symbol }
}
