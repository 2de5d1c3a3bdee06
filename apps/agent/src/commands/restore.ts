import { resolve } from 'node:path'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { formatRate } from '@dmc/core/units/format-rate'
import { formatSize } from '@dmc/core/units/format-size'
import { callAgent } from '../control/call-agent.ts'
import type { RestoreEvent, RestoreResult } from '../control/types.ts'
import { cleanText } from '../output/clean-text.ts'
import { count } from '../output/format.ts'
import { fail } from '../output/io.ts'
import { createProgress, type ProgressReporter } from '../output/progress.ts'
import { parseChoice } from './arguments.ts'
import type { Action, Shell } from './shell.ts'

const SHOWN_FAILED = 20

export interface RestoreOptions {
  to?: string
  path?: string[]
  source?: string
  overwrite: string
  intoExisting?: boolean
  verifyOnly?: boolean
}

/** flow 11: exits 3 when some files could not be restored, or not with their owner, mode and time. */
export const restore: Action<[string], RestoreOptions> = async (shell, options, snapshot) => {
  if (!options.to && !options.verifyOnly) {
    throw fail(
      'USAGE',
      'Where to? --to is missing.',
      `For example: dmc-agent restore ${snapshot} --to ./restored`,
    )
  }
  const request = {
    snapshot,
    to: resolve(options.to ?? '.'),
    paths: options.path ?? [],
    overwrite: parseChoice(options.overwrite, 'an overwrite rule', ['never', 'newer', 'always']),
    intoExisting: options.intoExisting === true,
    verifyOnly: options.verifyOnly === true,
    ...(options.source ? { source: options.source } : {}),
  }
  const progress = createProgress(shell.io)
  const result = await callAgent(shell.caller, 'restore.start', request, (event) =>
    show(shell, progress, event),
  )
    .catch((error: unknown) => {
      if (!DmcError.is(error) || error.code !== 'INTERRUPTED') throw error
      throw new DmcError('INTERRUPTED', 'The restore stopped; files that were written are whole.', {
        hint: `Go on with the same command and: --into-existing --overwrite never`,
        cause: error,
      })
    })
    .finally(() => progress.end())
  shell.io.document('restore', { ...result, partial: result.failedCount + result.unsetCount > 0 })
  return report(shell, result)
}

function show({ io }: Shell, progress: ProgressReporter, event: RestoreEvent): void {
  if (event.type === 'progress') progress.update(event)
  else {
    io.document(event.type, event)
    progress.line(cleanText(event.text))
  }
}

function report({ io }: Shell, result: RestoreResult): number {
  const what = `${count(result.files, 'file')}, ${count(result.directories, 'folder')}, ${count(result.links, 'link')}, ${formatSize(result.bytes)}`
  const rate = formatRate(result.bytes, result.seconds)
  if (result.verifyOnly) io.print(`Verified ${what} against the chain (${rate}); nothing was written.`)
  else io.print(`Restored ${what} to ${cleanText(result.to)} (${rate}).`)
  if (result.kept > 0) io.print(`${count(result.kept, 'file')} that were there already stayed as they were.`)
  const { failed, failedCount, unset, unsetCount } = result
  if (failedCount > 0)
    warn(io, `${count(failedCount, 'entry', 'entries')} could not be restored:`, failed, failedCount)
  if (unsetCount > 0)
    warn(
      io,
      `${count(unsetCount, 'entry', 'entries')} restored, but not as before in everything:`,
      unset,
      unsetCount,
    )
  if (unsetCount > 0)
    io.warn(
      'Their content is whole. For the rest, restore to a file system that has it, as a user who may set it; in the same place: --into-existing --overwrite always',
    )
  return failedCount + unsetCount > 0 ? 3 : 0
}

function warn(io: Shell['io'], what: string, entries: RestoreResult['failed'], all: number): void {
  io.warn(what)
  for (const { path, reason } of entries.slice(0, SHOWN_FAILED))
    io.warn(`  ${cleanText(path)}: ${cleanText(reason)}`)
  if (all > SHOWN_FAILED) io.warn(`  and ${all - SHOWN_FAILED} more (see --json)`)
}
