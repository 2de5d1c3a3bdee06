import { formatSize } from '@dmc/core/units/format-size'
import { formatTime } from '@dmc/core/units/format-time'
import { callAgent } from '../control/call-agent.ts'
import { count, formatMs } from '../output/format.ts'
import { fail } from '../output/io.ts'
import { printTable } from '../output/print-table.ts'
import { parseAddress } from './arguments.ts'
import type { Action } from './shell.ts'

export const recover: Action<[], { wallet?: string }> = async ({ io, caller, config }, options) => {
  const owner = options.wallet ? parseAddress(options.wallet) : config.values.owner
  if (!owner) {
    throw fail(
      'USAGE',
      'Whose orders? The address of the wallet is missing.',
      'Give it: dmc-agent recover --wallet 0x…',
    )
  }
  const answer = await callAgent(caller, 'recover.start', { owner }, (event) => io.note(event.text))
  io.document('recover', answer)
  if (answer.sources.length === 0) {
    return void io.note(
      `Nothing of this recovery phrase was found among the orders of ${owner}, block ${answer.block}.`,
    )
  }
  printTable(io, answer.sources, [
    { title: 'Source', text: (row) => row.sourceId },
    { title: 'Name', text: (row) => row.name, flexible: true },
    { title: 'Snapshots', text: (row) => String(row.snapshots), align: 'right' },
    { title: 'Newest', text: (row) => formatMs(row.newestMs) },
    { title: 'Size', text: (row) => formatSize(row.bytes), align: 'right' },
    { title: 'Orders', text: (row) => row.orders.join(', ') },
  ])
  io.note(
    `${count(answer.sources.length, 'source')} found at block ${answer.block}, ${formatTime(answer.blockTime)}.`,
  )
  io.note('Look inside: dmc-agent snapshots. Get it back: dmc-agent restore latest --source ID --to DIR')
}
