import { formatDuration } from '@dmc/core/units/format-duration'
import { formatTime } from '@dmc/core/units/format-time'
import { formatTokens } from '@dmc/core/units/format-tokens'
import { callAgent } from '../control/call-agent.ts'
import type { ChallengeRow } from '../control/types.ts'
import { shortHex } from '../output/format.ts'
import { printTable } from '../output/print-table.ts'
import type { Action } from './shell.ts'

/** flow 14 */
export const challengeList: Action<[], { all?: boolean }> = async ({ io, caller }, options) => {
  const { challenges, blockTime } = await callAgent(caller, 'challenge.list', { all: options.all === true })
  io.document('challenge.list', { challenges, blockTime })
  if (challenges.length === 0)
    return void io.note('No order of this host is challenged on chain. Earlier ones show with --all')
  printTable(io, challenges, [
    { title: 'Order', text: (row) => String(row.orderId), align: 'right' },
    { title: 'As', text: (row) => row.role },
    { title: 'Leaf', text: (row) => String(row.leaf), align: 'right' },
    { title: 'Deadline', text: (row) => formatTime(row.deadline) },
    {
      title: 'Left',
      text: (row) => leftOf(row),
      paint: (text, row) => (row.state === 'open' ? text : io.colors.dim(text)),
    },
    {
      title: 'State',
      text: (row) => row.state,
      paint: (text, row) => (row.state === 'missed' ? io.colors.red(text) : text),
    },
    { title: 'Answer', text: (row) => row.answer ?? '–' },
    { title: 'Transaction', text: (row) => (row.hash ? shortHex(row.hash) : '–') },
    {
      title: 'At stake',
      text: (row) => (row.pledge === null ? '–' : formatTokens(row.pledge)),
      align: 'right',
    },
    { title: 'In the way', text: (row) => row.error?.message ?? '', flexible: true },
  ])
}

const leftOf = ({ state, secondsLeft }: ChallengeRow): string => {
  if (state === 'open') return formatDuration(secondsLeft)
  return state === 'missed' ? 'none' : '–'
}
