import { formatSize } from '@dmc/core/units/format-size'
import { callAgent } from '../control/call-agent.ts'
import { printTable } from '../output/print-table.ts'
import type { Action } from './shell.ts'

export const sectorList: Action = async ({ io, caller }) => {
  const { sectors } = await callAgent(caller, 'sector.list', {})
  io.document('sector.list', { sectors })
  if (sectors.length === 0)
    return void io.note('No sectors yet. Add one: dmc-agent sector add PATH --size 500GiB')
  printTable(io, sectors, [
    { title: 'Sector', text: (row) => row.sectorId },
    { title: 'State', text: (row) => (row.mounted ? row.state : 'not mounted') },
    { title: 'Size', text: (row) => formatSize(row.size), align: 'right' },
    { title: 'Reserved', text: (row) => formatSize(row.reserved), align: 'right' },
    {
      title: 'Disk free',
      text: (row) => (row.diskFree < 0 ? '–' : formatSize(row.diskFree)),
      align: 'right',
    },
    { title: 'Orders', text: (row) => String(row.orders), align: 'right' },
    { title: 'Bills', text: (row) => row.bills.join(', ') || '–' },
    { title: 'Path', text: (row) => row.path, flexible: true },
  ])
}
