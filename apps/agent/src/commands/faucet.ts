import { formatTokens } from '@dmc/core/units/format-tokens'
import { parseTokens } from '@dmc/core/units/parse-tokens'
import { isDevnet } from '../config/resolve-config.ts'
import { callAgent } from '../control/call-agent.ts'
import { fail } from '../output/io.ts'
import { followTransactions } from './confirm-plan.ts'
import type { Action } from './shell.ts'

export const faucet: Action<[string | undefined]> = async (shell, _options, amount) => {
  const { io, caller, config } = shell
  if (!isDevnet(config.values['chain.chainId'])) {
    throw fail(
      'USAGE',
      `There is no faucet on chain ${config.values['chain.chainId'] ?? '(not configured)'}.`,
      'Test tokens exist on a devnet only (chain id 31337 or 1337).',
    )
  }
  const request = amount ? { amount: parseTokens(amount) } : {}
  const answer = await callAgent(caller, 'faucet.take', request, followTransactions(shell))
  io.document('faucet', answer)
  io.print(`The wallet has ${formatTokens(answer.balance, { symbol: answer.symbol })}.`)
}
