import { formatSize } from '@dmc/core/units/format-size'
import { formatTime } from '@dmc/core/units/format-time'
import { formatTokens } from '@dmc/core/units/format-tokens'
import { callAgent } from '../control/call-agent.ts'
import type { OrderRow } from '../control/types.ts'
import { cleanText } from '../output/clean-text.ts'
import { formatPrice, mib } from '../output/format.ts'
import { journalLine } from '../output/journal-line.ts'
import { printPairs } from '../output/print-table.ts'
import { parseId } from './arguments.ts'
import { proofFacts } from './order-checks.ts'
import type { Action } from './shell.ts'

export const orderShow: Action<[string]> = async ({ io, caller }, _options, order) => {
  const answer = await callAgent(caller, 'order.show', { orderId: parseId(order, 'an order') })
  io.document('order.show', answer)
  const row = answer.order
  io.print(io.colors.bold(`Order ${row.orderId}: ${row.state}`))
  if (row.note) io.print(cleanText(row.note))
  io.print()
  printPairs(io, [...facts(row), ...(answer.proof ? proofFacts(answer.proof) : [])], '  ')
  if (answer.journal.length > 0) {
    io.print()
    for (const entry of answer.journal) io.print(journalLine(io, entry))
  }
}

const statement = (prepare: OrderRow['userPrepare']): string =>
  prepare ? `${prepare.root}, ${formatSize(prepare.size)}` : '–'

function facts(row: OrderRow): [string, string][] {
  const time = (seconds: bigint) => (seconds === 0n ? '–' : formatTime(seconds))
  return [
    ['Bill', String(row.billId)],
    ['User', row.role === 'user' ? `${row.user} (you)` : row.user],
    ['Miner', row.role === 'miner' ? `${row.miner} (you)` : row.miner],
    ['Endpoint', cleanText(row.endpoint) || '–'],
    ['Capacity', formatSize(mib(row.capacity))],
    ['Price', `${formatPrice(row.price)} per GiB-week, ${row.weeks} weeks`],
    ['Escrow', formatTokens(row.escrow)],
    ['Reserve', formatTokens(row.reserve)],
    ['Pledge', formatTokens(row.pledge)],
    ['Created', time(row.createdAt)],
    ['Started', time(row.start)],
    ['Ends', time(row.endsAt)],
    ['Commitment', statement(row.commitment)],
    ['User prepared', statement(row.userPrepare)],
    ['Miner prepared', statement(row.minerPrepare)],
    ...(row.sourceId ? [['Source', row.sourceId] satisfies [string, string]] : []),
    ...(row.sectorId ? [['Sector', row.sectorId] satisfies [string, string]] : []),
  ]
}
