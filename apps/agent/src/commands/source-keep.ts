import { describeRetention, localTimeZone, RETENTION_KINDS } from '@dmc/core/schedule/describe'
import type { RetentionPolicy } from '@dmc/core/schedule/retention'
import { callAgent } from '../control/call-agent.ts'
import { cleanText } from '../output/clean-text.ts'
import { count, formatMs } from '../output/format.ts'
import { fail } from '../output/io.ts'
import { printTable } from '../output/print-table.ts'
import { askYesNo } from '../output/prompt.ts'
import { parseCount } from './arguments.ts'
import type { Action } from './shell.ts'

type KeepOptions = Partial<Record<(typeof RETENTION_KINDS)[number], string>> & {
  all?: boolean
  timezone?: string
  dryRun?: boolean
}

/** Only the host may say that snapshots are forgotten: a person here, or --yes. */
export const sourceKeep: Action<[string], KeepOptions> = async ({ io, caller }, options, source) => {
  const policy = policyOf(options)
  const look = await callAgent(caller, 'source.keep', { source, policy, mode: 'preview' })
  const forgets = look.forgets.length
  const name = cleanText(look.source.name)
  if (!io.json && forgets > 0) {
    printTable(io, look.forgets, [
      { title: 'Forgotten', text: (row) => row.snapshotId.slice(0, 12) },
      { title: 'Taken', text: (row) => formatMs(row.time) },
      { title: 'Files', text: (row) => row.files.toLocaleString('en-US'), align: 'right' },
    ])
  }
  const what = `Of ${name} is kept: ${describeRetention(policy)}`
  const told = `the next snapshot forgets ${forgets === 0 ? 'none' : count(forgets, 'snapshot')}`
  if (options.dryRun) {
    io.document('source.keep', { ...look, dryRun: true })
    io.print(`${what} – would be; ${told}. Nothing was changed.`)
    return
  }
  if (policy !== null && !io.yes) {
    const go =
      io.interactive && (await askYesNo(`${what}; ${told}. Forgotten ones can't be restored. Go on?`))
    if (!go) throw fail('NOT_CONFIRMED', 'Not confirmed; nothing was changed.', 'Run it again with --yes.')
  }
  const done = await callAgent(caller, 'source.keep', { source, policy, mode: 'execute' })
  io.document('source.keep', { ...done, dryRun: false })
  io.print(`${what}; ${told}.`)
}

function policyOf(options: KeepOptions): RetentionPolicy | null {
  const given = RETENTION_KINDS.filter((kind) => options[kind] !== undefined)
  if ((given.length === 0) === (options.all === undefined)) {
    throw fail(
      'USAGE',
      'Give some of --last, --daily, --weekly, --monthly, or --all.',
      'source list shows what is kept now.',
    )
  }
  if (given.length === 0) return null
  const bounds = { min: 1, max: 10_000 }
  const counts = given.map((kind) => [kind, parseCount(options[kind] ?? '', 'a number of snapshots', bounds)])
  return { ...Object.fromEntries(counts), timeZone: options.timezone ?? localTimeZone() }
}
