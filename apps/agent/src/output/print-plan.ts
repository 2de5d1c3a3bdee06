import { formatTime } from '@dmc/core/units/format-time'
import { formatTokens } from '@dmc/core/units/format-tokens'
import type { Plan } from '../control/types.ts'
import { cleanText } from './clean-text.ts'
import { formatGas, shortHex } from './format.ts'
import type { Io } from './io.ts'
import { printPairs, printTable } from './print-table.ts'

/** What an act with money will do: facts, amounts, gas, balances before and after, and what stands in its way. */
export function printPlan(io: Io, plan: Plan): void {
  const { symbol } = plan.token
  const pay = (wei: bigint) => formatTokens(wei, { symbol, round: 'up' })
  const pairs: [string, string][] = plan.facts.map(([label, value]) => [cleanText(label), cleanText(value)])
  if (plan.cost !== undefined) pairs.push(['Cost', pay(plan.cost)])
  if (plan.reserve !== undefined) pairs.push(['Reserve for challenges', pay(plan.reserve)])
  if (plan.pledge !== undefined) pairs.push(['Pledge', pay(plan.pledge)])
  if (plan.refund !== undefined) pairs.push(['Comes back', formatTokens(plan.refund, { symbol })])
  if (plan.endsAt !== undefined) pairs.push(['Ends', `about ${formatTime(plan.endsAt)}`])
  if (plan.gasFloatWei) pairs.push(['Gas for this agent', formatGas(plan.gasFloatWei)])
  const names = plan.transactions.map(({ name }) => name).join(', ')
  if (plan.transactions.length > 0)
    pairs.push(['Transactions', `${names}; fee about ${formatGas(plan.gas.feeWei)}`])
  pairs.push(['Signed by', shortHex(plan.wallet)])

  io.print(io.colors.bold(cleanText(plan.title)))
  io.print()
  printPairs(io, pairs, '  ')
  io.print()
  printTable(
    io,
    [
      {
        what: symbol,
        before: formatTokens(plan.token.before, { symbol }),
        after: formatTokens(plan.token.after, { symbol }),
      },
      { what: 'gas', before: formatGas(plan.gas.beforeWei), after: formatGas(plan.gas.afterWei) },
    ],
    [
      { title: '  Balance', text: (row) => `  ${row.what}` },
      { title: 'before', text: (row) => row.before, align: 'right' },
      { title: 'after', text: (row) => row.after, align: 'right' },
    ],
  )
  io.print()
  for (const { message, hint } of plan.problems) {
    io.warn(`${cleanText(message)} ${cleanText(hint)}`)
  }
}
