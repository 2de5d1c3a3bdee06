import { formatSize } from '@dmc/core/units/format-size'
import { callAgent } from '../control/call-agent.ts'
import { formatDay, formatPrice, mib } from '../output/format.ts'
import { printTable } from '../output/print-table.ts'
import type { Action } from './shell.ts'

export const billList: Action = async ({ io, caller }) => {
  const { bills } = await callAgent(caller, 'bill.list', {})
  io.document('bill.list', { bills })
  if (bills.length === 0) return void io.note('No bills yet. Offer a sector: dmc-agent bill create --help')
  printTable(io, bills, [
    { title: 'Bill', text: (row) => String(row.billId), align: 'right' },
    { title: 'State', text: (row) => row.state },
    { title: 'Sector', text: (row) => row.sectorId ?? '–' },
    { title: 'Free', text: (row) => formatSize(mib(row.free)), align: 'right' },
    { title: 'of', text: (row) => formatSize(mib(row.capacity)), align: 'right' },
    { title: 'Per GiB-week', text: (row) => formatPrice(row.price), align: 'right' },
    { title: 'Pledge', text: (row) => `${row.pledgeRate}x`, align: 'right' },
    { title: 'Weeks', text: (row) => `${row.minWeeks}-${row.maxWeeks}`, align: 'right' },
    { title: 'Open until', text: (row) => formatDay(row.expiresAt) },
    { title: 'Endpoint', text: (row) => row.endpoint || '(none)', flexible: true },
  ])
}
