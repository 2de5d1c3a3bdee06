import { formatTokens } from '@dmc/core/units/format-tokens'
import { withAgent } from '../control/call-agent.ts'
import { confirmPlan, followTransactions, type MoneyOptions } from './confirm-plan.ts'
import type { Action } from './shell.ts'

export const walletWithdraw: Action<[], MoneyOptions> = async (shell, options) => {
  await withAgent(shell.caller, async (agent) => {
    const { plan } = await agent.call('wallet.withdraw', { mode: 'preview' })
    if (!plan.refund) {
      shell.io.document('wallet.withdraw', { amount: 0n, hashes: [] })
      return void shell.io.print('The Market owes this wallet nothing.')
    }
    if (!(await confirmPlan(shell, plan, options))) return
    const { done } = await agent.call('wallet.withdraw', { mode: 'execute' }, followTransactions(shell))
    shell.io.document('wallet.withdraw', { amount: done?.amount, hashes: done?.hashes })
    shell.io.print(`${formatTokens(done?.amount ?? 0n, { symbol: plan.token.symbol })} are in the wallet.`)
  })
}
