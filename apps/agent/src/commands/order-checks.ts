import { CHECK_OUTCOMES } from '@dmc/core/challenge/outcomes'
import { formatTime } from '@dmc/core/units/format-time'
import { callAgent } from '../control/call-agent.ts'
import type { OrderChecks, OrderProof } from '../control/types.ts'
import { cleanText } from '../output/clean-text.ts'
import { printPairs, printTable } from '../output/print-table.ts'
import { parseCount, parseId } from './arguments.ts'
import type { Action } from './shell.ts'

const DAY_MS = 86_400_000

/** flow 14: what came of the checks of an order. */
export const orderChecks: Action<[string], { limit: string }> = async ({ io, caller }, { limit }, order) => {
  const answer = await callAgent(caller, 'order.checks', {
    orderId: parseId(order, 'an order'),
    limit: parseCount(limit, 'a number of checks', { min: 1, max: 1000 }),
  })
  io.document('order.checks', answer)
  const { orderId, proof, checks, days } = answer
  io.print(io.colors.bold(`Checks of order ${orderId}`))
  printPairs(io, proofFacts(proof), '  ')
  io.print()
  const some = days.filter((day) => total(day) > 0)
  if (some.length === 0) {
    io.print('No check in the last 30 days.')
    return
  }
  const right = (title: string, text: (day: DayCounts) => string) => ({
    title,
    text,
    align: 'right' as const,
  })
  printTable(io, some, [
    { title: 'DAY', text: ({ day }) => new Date(day * DAY_MS).toISOString().slice(0, 10) },
    ...CHECK_OUTCOMES.map((outcome) => right(outcome.toUpperCase(), (day) => String(day[outcome]))),
    right('LEAVES', (day) => String(day.leaves)),
    right('MEDIAN', (day) => milliseconds(day.medianMs)),
    right('SLOWEST', (day) => milliseconds(day.maxMs)),
  ])
  io.print()
  for (const check of checks) {
    const what = check.kind === 'leaves' ? `${check.leaves} leaves` : check.kind
    io.print(
      cleanText(
        `${timeOf(check.atMs)}  ${check.outcome.padEnd(7)}  ${what}, ${check.why}, ${milliseconds(check.latencyMs)}${check.error ? `  ${check.error.message}` : ''}`,
      ),
    )
  }
}

type DayCounts = OrderChecks['days'][number]
const total = (day: DayCounts) => CHECK_OUTCOMES.reduce((sum, outcome) => sum + day[outcome], 0)
const milliseconds = (ms: number | null) => (ms === null ? '–' : `${ms} ms`)
const timeOf = (ms: number | null) => (ms === null ? '–' : formatTime(BigInt(Math.floor(ms / 1000))))

/** How well an order is known to be there, for people. */
export function proofFacts(proof: OrderProof): [string, string][] {
  return [
    ['Last proven', timeOf(proof.lastProvenMs)],
    [
      'Last check',
      proof.lastMs === null
        ? '–'
        : `${timeOf(proof.lastMs)}: ${proof.lastOutcome}, ${milliseconds(proof.lastLatencyMs)}`,
    ],
    [
      'Next check',
      proof.checksPerDay === 0 ? 'only when asked for (checks.perDay is 0)' : timeOf(proof.nextMs),
    ],
    ['Odds', proof.odds],
    ['Probes left', String(proof.probesLeft)],
  ]
}
