import { parseDuration } from '@dmc/core/units/parse-duration'
import { callAgent, callRunningAgent } from '../control/call-agent.ts'
import { journalLine } from '../output/journal-line.ts'
import { parseCount, parseId } from './arguments.ts'
import type { Action } from './shell.ts'

export interface JournalOptions {
  source?: string
  order?: string
  bill?: string
  since?: string
  limit: string
  follow?: boolean
}

export const journal: Action<[], JournalOptions> = async ({ io, caller, signal }, options) => {
  const subject = subjectOf(options)
  const about = subject ? { subject } : {}
  const limit = parseCount(options.limit, 'a number of lines', { min: 1, max: 100_000 })
  const since = options.since ? { sinceMs: Date.now() - Number(parseDuration(options.since)) * 1000 } : {}
  const list = { ...about, ...since, limit }
  if (!options.follow) {
    const { entries } = await callAgent(caller, 'journal.list', list)
    io.document('journal', { entries })
    for (const entry of entries) io.print(journalLine(io, entry))
    return
  }
  const { entries } = await callRunningAgent(caller, 'journal.list', list)
  for (const entry of entries) {
    io.document('entry', { entry })
    io.print(journalLine(io, entry))
  }
  const last = entries.at(-1)
  const after = last ? { afterSeq: last.seq } : {}
  await callRunningAgent(caller, 'journal.follow', { ...about, ...after }, ({ entry }) => {
    io.document('entry', { entry })
    io.print(journalLine(io, entry))
  }).catch((error: unknown) => {
    // Ctrl-C is how a person ends following.
    if (!signal.aborted) throw error
  })
}

function subjectOf({ source, order, bill }: JournalOptions): string | undefined {
  if (order) return `order:${parseId(order, 'an order')}`
  if (bill) return `bill:${parseId(bill, 'a bill')}`
  return source ? `source:${source}` : undefined
}
