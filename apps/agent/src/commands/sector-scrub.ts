import { formatSize } from '@dmc/core/units/format-size'
import { callAgent } from '../control/call-agent.ts'
import type { ScrubbedOrder } from '../control/types.ts'
import { count } from '../output/format.ts'
import { fail } from '../output/io.ts'
import { printTable } from '../output/print-table.ts'
import { createProgress } from '../output/progress.ts'
import type { Action } from './shell.ts'

const CHUNK = 1024 * 1024
const SHOWN = 8

/** flow 9: is everything that this host stores for others still what was committed? */
export const sectorScrub: Action<[string | undefined]> = async ({ io, caller }, _options, sectorId) => {
  const progress = createProgress(io)
  const { orders } = await callAgent(
    caller,
    'sector.scrub',
    sectorId === undefined ? {} : { sectorId },
    (event) => progress.update(event),
  ).finally(() => progress.end())
  io.document('sector.scrub', { orders })
  if (orders.length === 0) return void io.note('No order’s data is stored here.')
  printTable(io, orders, [
    { title: 'Order', text: ({ orderId }) => String(orderId), align: 'right' },
    { title: 'Sector', text: (row) => row.sectorId },
    { title: 'Read', text: ({ chunks }) => formatSize(chunks * CHUNK), align: 'right' },
    { title: 'Result', text: resultOf, flexible: true },
  ])
  const bad = orders.filter(({ damaged, error }) => damaged.length > 0 || error !== null)
  if (bad.length === 0) return
  throw fail(
    'SECTOR_DAMAGED',
    `${bad.length} of ${count(orders.length, 'order')} ${bad.length === 1 ? 'is' : 'are'} not whole on this host: ${bad
      .slice(0, SHOWN)
      .map(({ orderId }) => orderId)
      .join(', ')}${bad.length > SHOWN ? ', …' : ''}.`,
    'Check the disk (dmesg, smartctl). Put the data files of those orders back from a copy, then run this again.',
  )
}

function resultOf({ chunks, damaged, error }: ScrubbedOrder): string {
  if (error !== null) return error.message
  if (chunks === 0) return 'nothing committed yet'
  if (damaged.length === 0) return 'whole'
  return `${count(damaged.length, 'chunk')} damaged: ${damaged.slice(0, SHOWN).join(', ')}${damaged.length > SHOWN ? ', …' : ''}`
}
