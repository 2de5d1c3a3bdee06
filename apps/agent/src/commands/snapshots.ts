import { formatSize } from '@dmc/core/units/format-size'
import { callAgent } from '../control/call-agent.ts'
import { formatMs } from '../output/format.ts'
import { printTable } from '../output/print-table.ts'
import type { Action } from './shell.ts'

export const snapshots: Action<[string | undefined]> = async ({ io, caller }, _options, source) => {
  const answer = await callAgent(caller, 'snapshot.list', source ? { source } : {})
  io.document('snapshots', answer)
  if (answer.snapshots.length === 0) {
    return void io.note(
      'No snapshots here. Make one: dmc-agent backup SOURCE. On a new machine: dmc-agent recover',
    )
  }
  printTable(io, answer.snapshots, [
    { title: 'Snapshot', text: (row) => row.snapshotId.slice(0, 12) },
    { title: 'Taken', text: (row) => formatMs(row.time) },
    { title: 'Files', text: (row) => row.files.toLocaleString('en-US'), align: 'right' },
    { title: 'Size', text: (row) => formatSize(row.bytes), align: 'right' },
    { title: 'Added', text: (row) => formatSize(row.addedBytes), align: 'right' },
    { title: 'Missing', text: (row) => (row.missing === 0 ? '–' : String(row.missing)), align: 'right' },
    { title: 'Orders', text: (row) => row.orders.join(', ') },
    { title: 'Source', text: (row) => row.sourceName, flexible: true },
    { title: 'Path', text: (row) => `${row.hostName}:${row.path}`, flexible: true },
  ])
}
