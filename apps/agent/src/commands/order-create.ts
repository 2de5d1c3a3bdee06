import { shellWord } from '@dmc/core/units/shell-word'
import { withAgent } from '../control/call-agent.ts'
import { parseAddress, parseId } from './arguments.ts'
import { confirmPlan, followTransactions, type MoneyOptions } from './confirm-plan.ts'
import type { Action } from './shell.ts'
import { parseTerms, type TermsOptions } from './terms.ts'

export interface OrderCreateOptions extends TermsOptions, MoneyOptions {
  source: string
  bill?: string
  miner?: string
}

/** flow 7 */
export const orderCreate: Action<[], OrderCreateOptions> = async (shell, options) => {
  const request = {
    source: options.source,
    ...(options.bill ? { billId: parseId(options.bill, 'a bill') } : {}),
    ...(options.miner ? { miner: parseAddress(options.miner) } : {}),
    terms: parseTerms(options),
  }
  await withAgent(shell.caller, async (agent) => {
    const { plan, bill, terms } = await agent.call('order.preview', request)
    if (!(await confirmPlan(shell, plan, options))) return
    // The bill and the terms that were shown are the ones that are ordered, at no more than what was shown.
    const confirmed = {
      source: request.source,
      billId: bill.billId,
      miner: bill.miner,
      terms,
      maxCost: plan.cost ?? 0n,
    }
    const { orderId, hashes } = await agent.call('order.create', confirmed, followTransactions(shell))
    shell.io.document('order.create', { orderId, billId: bill.billId, hashes })
    shell.io.print(`Order ${orderId} is placed.`)
    shell.io.note(`Store the data now: dmc-agent backup ${shellWord(options.source)}`)
  })
}
