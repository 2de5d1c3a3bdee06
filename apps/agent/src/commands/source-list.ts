import { describeRetention } from '@dmc/core/schedule/describe'
import { formatSize } from '@dmc/core/units/format-size'
import { callAgent } from '../control/call-agent.ts'
import { formatMs } from '../output/format.ts'
import { printTable } from '../output/print-table.ts'
import type { Action } from './shell.ts'

export const sourceList: Action = async ({ io, caller }) => {
  const { sources } = await callAgent(caller, 'source.list', {})
  io.document('source.list', { sources })
  if (sources.length === 0) return void io.note('No sources yet. Add one: dmc-agent source add PATH')
  printTable(io, sources, [
    { title: 'Source', text: (row) => row.sourceId },
    { title: 'Name', text: (row) => row.name, flexible: true },
    { title: 'State', text: (row) => row.state },
    { title: 'Files', text: (row) => row.files.toLocaleString('en-US'), align: 'right' },
    { title: 'Size', text: (row) => formatSize(row.bytes), align: 'right' },
    { title: 'Orders', text: (row) => row.orders.join(', ') || '–' },
    { title: 'Snapshots', text: (row) => String(row.snapshots), align: 'right' },
    { title: 'Last', text: (row) => formatMs(row.lastSnapshotMs) },
    { title: 'Next', text: (row) => (row.schedule ? formatMs(row.schedule.nextMs) : 'by hand') },
    { title: 'Kept', text: (row) => describeRetention(row.retention), flexible: true },
    { title: 'Left out', text: (row) => row.excludes.join(', ') || '–', flexible: true },
    { title: 'Path', text: (row) => row.path, flexible: true },
  ])
}
