import { formatSize } from '@dmc/core/units/format-size'
import { parseSize } from '@dmc/core/units/parse-size'
import { withAgent } from '../control/call-agent.ts'
import { fail } from '../output/io.ts'
import { parseId } from './arguments.ts'
import { confirmPlan, followTransactions, type MoneyOptions } from './confirm-plan.ts'
import type { Action } from './shell.ts'

const MIB = 1n << 20n

export const billShrink: Action<[string, string], MoneyOptions> = async (shell, options, bill, size) => {
  const billId = parseId(bill, 'a bill')
  const bytes = parseSize(size)
  if (bytes % MIB !== 0n)
    throw fail('BAD_SIZE', `'${size}' is not whole MiB.`, 'For example: dmc-agent bill shrink 7 10GiB')
  const wish = { billId, capacity: bytes }
  await withAgent(shell.caller, async (agent) => {
    const { plan } = await agent.call('bill.shrink', { mode: 'preview', ...wish })
    if (!(await confirmPlan(shell, plan, options))) return
    const execute = { mode: 'execute', ...wish } as const
    const { done } = await agent.call('bill.shrink', execute, followTransactions(shell))
    shell.io.document('bill.shrink', { billId, hashes: done?.hashes })
    shell.io.print(`Bill ${billId} offers ${formatSize(bytes)} less; their pledge is credit now.`)
  })
}
