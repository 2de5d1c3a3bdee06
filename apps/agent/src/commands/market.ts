import { formatSize } from '@dmc/core/units/format-size'
import { formatTime } from '@dmc/core/units/format-time'
import { formatTokens } from '@dmc/core/units/format-tokens'
import { parseSize } from '@dmc/core/units/parse-size'
import { parseTokens } from '@dmc/core/units/parse-tokens'
import { callAgent } from '../control/call-agent.ts'
import { count, formatDay, formatPrice, mib, shortHex } from '../output/format.ts'
import { printTable } from '../output/print-table.ts'
import { parseAddress, parseChoice, parseCount, parseWeeks } from './arguments.ts'
import type { Action } from './shell.ts'

const SORTS = ['price', 'cost', 'pledge', 'free', 'expiry', 'bill'] as const

export interface MarketOptions {
  source?: string
  capacity?: string
  weeks?: string
  maxPrice?: string
  minPledgeRate?: string
  miner?: string
  all?: boolean
  sort: string
  descending?: boolean
  limit: string
}

export const market: Action<[], MarketOptions> = async ({ io, caller }, options) => {
  const answer = await callAgent(caller, 'market.list', {
    ...(options.source ? { source: options.source } : {}),
    ...(options.capacity ? { capacity: parseSize(options.capacity) } : {}),
    ...(options.weeks ? { weeks: parseWeeks(options.weeks) } : {}),
    ...(options.maxPrice ? { maxPrice: parseTokens(options.maxPrice) } : {}),
    ...(options.minPledgeRate ? { minPledgeRate: parseCount(options.minPledgeRate, 'a pledge rate') } : {}),
    ...(options.miner ? { miner: parseAddress(options.miner) } : {}),
    all: options.all === true,
    sort: parseChoice(options.sort, 'an order to sort by', SORTS),
    descending: options.descending === true,
    limit: parseCount(options.limit, 'a number of lines', { min: 1, max: 10_000 }),
  })
  const { bills } = answer
  io.document('market', answer)
  if (bills.length === 0) {
    return void io.note(
      'No open bill matches. Loosen --max-price, --min-pledge-rate or --weeks, or see all: --all',
    )
  }
  const priced = bills.some((bill) => bill.cost !== null)
  printTable(io, bills, [
    { title: 'Bill', text: (row) => String(row.billId), align: 'right' },
    { title: 'Miner', text: (row) => (row.own ? `${shortHex(row.miner)} (you)` : shortHex(row.miner)) },
    { title: 'Free', text: (row) => formatSize(mib(row.free)), align: 'right' },
    { title: 'Per GiB-week', text: (row) => formatPrice(row.price), align: 'right' },
    { title: 'Pledge', text: (row) => `${row.pledgeRate}x`, align: 'right' },
    { title: 'Weeks', text: (row) => `${row.minWeeks}-${row.maxWeeks}`, align: 'right' },
    ...(priced
      ? [
          {
            title: 'Cost',
            text: (row: (typeof bills)[number]) =>
              row.cost === null ? (row.misfit ?? '–') : formatTokens(row.cost, { round: 'up' }),
            align: 'right' as const,
          },
        ]
      : []),
    { title: 'Open until', text: (row) => formatDay(row.expiresAt) },
    { title: 'State', text: (row) => (row.endpoint === '' ? 'no endpoint' : row.state) },
  ])
  io.note(
    io.colors.dim(
      `${count(bills.length, 'bill')} at block ${answer.blockNumber}, ${formatTime(answer.blockTime)}`,
    ),
  )
}
