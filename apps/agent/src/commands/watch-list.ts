import { formatTime } from '@dmc/core/units/format-time'
import { formatTokens } from '@dmc/core/units/format-tokens'
import { callAgent } from '../control/call-agent.ts'
import { shortHex } from '../output/format.ts'
import { printTable } from '../output/print-table.ts'
import type { Action } from './shell.ts'

export const watchList: Action = async ({ io, caller }) => {
  const { watched } = await callAgent(caller, 'watch.list', {})
  io.document('watch.list', { watched })
  if (watched.length === 0)
    return void io.note('No order is watched. Watch one: dmc-agent watch add ORDER --slash')
  printTable(io, watched, [
    { title: 'Order', text: (row) => String(row.orderId), align: 'right' },
    { title: 'State', text: (row) => row.state ?? 'unknown' },
    {
      title: 'Challenged until',
      text: (row) => (row.challengedUntil === null ? '–' : formatTime(row.challengedUntil)),
    },
    { title: 'Slash', text: (row) => (row.slash ? 'yes' : 'no') },
    { title: 'Reward', text: (row) => formatTokens(row.reward ?? 0n), align: 'right' },
    { title: 'to', text: (row) => (row.rewardTo ? shortHex(row.rewardTo) : '–') },
    { title: 'Checked', text: (row) => (row.stubs ? 'yes' : 'no') },
    { title: 'Answered from', text: (row) => row.answerFrom ?? '–', flexible: true },
  ])
}
