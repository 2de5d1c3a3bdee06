import { formatSize } from '@dmc/core/units/format-size'
import { callAgent } from '../control/call-agent.ts'
import { formatDay, formatPrice, mib, shortHex } from '../output/format.ts'
import { printTable } from '../output/print-table.ts'
import { parseChoice } from './arguments.ts'
import type { Action } from './shell.ts'

export const orderList: Action<[], { source?: string; role?: string; all?: boolean }> = async (
  { io, caller },
  options,
) => {
  const { orders } = await callAgent(caller, 'order.list', {
    ...(options.source ? { source: options.source } : {}),
    ...(options.role ? { role: parseChoice(options.role, 'a role', ['user', 'miner']) } : {}),
    all: options.all === true,
  })
  io.document('order.list', { orders })
  if (orders.length === 0) return void io.note('No orders. Ended and cancelled ones show with --all')
  printTable(io, orders, [
    { title: 'Order', text: (row) => String(row.orderId), align: 'right' },
    { title: 'As', text: (row) => row.role },
    { title: 'State', text: (row) => row.state },
    { title: 'Stage', text: (row) => row.contractState ?? '–' },
    {
      title: 'Stored',
      text: (row) => (row.commitment ? formatSize(row.commitment.size) : '–'),
      align: 'right',
    },
    { title: 'of', text: (row) => formatSize(mib(row.capacity)), align: 'right' },
    { title: 'Per GiB-week', text: (row) => formatPrice(row.price), align: 'right' },
    { title: 'Weeks', text: (row) => String(row.weeks), align: 'right' },
    { title: 'Ends', text: (row) => formatDay(row.endsAt) },
    { title: 'With', text: (row) => shortHex(row.role === 'user' ? row.miner : row.user) },
    { title: 'What is next', text: (row) => row.note, flexible: true },
  ])
}
