import { DmcError } from '@dmc/core/errors/dmc-error'
import { formatDuration } from '@dmc/core/units/format-duration'
import { formatRate } from '@dmc/core/units/format-rate'
import { formatSize } from '@dmc/core/units/format-size'
import { shellWord } from '@dmc/core/units/shell-word'
import { callAgent } from '../control/call-agent.ts'
import type { BackupEvent, BackupResult } from '../control/types.ts'
import { cleanText } from '../output/clean-text.ts'
import { count } from '../output/format.ts'
import { createProgress, type ProgressReporter } from '../output/progress.ts'
import { transactionText } from '../output/transaction-text.ts'
import { parseId } from './arguments.ts'
import type { Action, Shell } from './shell.ts'

const SHOWN_MISSING = 20

/** flows 7 to 13: exits 3 when some files could not be stored. */
export const backup: Action<[string], { order?: string; reRead?: boolean; allowEmpty?: boolean }> = async (
  shell,
  options,
  source,
) => {
  const request = {
    source,
    ...(options.order ? { orderId: parseId(options.order, 'an order') } : {}),
    ...(options.reRead ? { reread: true } : {}),
    ...(options.allowEmpty ? { allowEmpty: true } : {}),
  }
  const progress = createProgress(shell.io)
  const result = await callAgent(shell.caller, 'backup.start', request, (event) =>
    show(shell, progress, event),
  )
    .catch((error: unknown) => {
      if (!DmcError.is(error) || error.code !== 'INTERRUPTED') throw error
      throw new DmcError('INTERRUPTED', `The backup of ${source} stopped; nothing that was sent is lost.`, {
        hint: `Go on with: dmc-agent backup ${shellWord(source)}`,
        cause: error,
      })
    })
    .finally(() => progress.end())
  shell.io.document('backup', { ...result, partial: result.missing.length > 0 })
  return report(shell, result)
}

function show({ io }: Shell, progress: ProgressReporter, event: BackupEvent): void {
  if (event.type === 'progress') progress.update(event)
  else if (event.type === 'encode') {
    progress.update({
      stage: event.stage,
      done: event.bytes,
      total: event.stage === 'scan' ? 0 : event.bytesTotal,
      files: event.files,
      filesTotal: event.filesTotal,
      current: event.current,
    })
  } else {
    io.document(event.type, event)
    const text = event.type === 'stage' ? cleanText(event.text) : transactionText(event)
    if (text) progress.line(text)
  }
}

function report({ io }: Shell, result: BackupResult): number {
  const { snapshot, commitment } = result
  const what = `${count(snapshot.files, 'file')}, ${formatSize(snapshot.bytes)}`
  if (result.unchanged)
    io.print(`Nothing changed since snapshot ${snapshot.snapshotId.slice(0, 12)} (${what}).`)
  else {
    io.print(
      `Snapshot ${snapshot.snapshotId.slice(0, 12)}: ${what}; ${formatSize(snapshot.addedBytes)} added to order ${result.orderId}.`,
    )
    io.print(`Order ${result.orderId} is active: ${formatSize(commitment.size)} under ${commitment.root}.`)
  }
  if (result.excluded > 0)
    io.print(`${count(result.excluded, 'name')} left out, as the source's excludes say.`)
  if (result.forgotten.length > 0)
    io.print(
      `${count(result.forgotten.length, 'earlier snapshot')} forgotten, as the source's retention says.`,
    )
  for (const { stage, seconds, bytes } of result.seconds) {
    io.note(
      io.colors.dim(
        `${stage.padEnd(12)} ${formatDuration(seconds).padStart(10)}  ${bytes > 0 ? formatRate(bytes, seconds) : ''}`.trimEnd(),
      ),
    )
  }
  if (result.missing.length === 0) return 0
  const more = snapshot.missing - SHOWN_MISSING
  io.warn(`${count(snapshot.missing, 'entry', 'entries')} could not be stored:`)
  for (const { path, reason } of result.missing.slice(0, SHOWN_MISSING))
    io.warn(`  ${cleanText(path)}: ${cleanText(reason)}`)
  if (more > 0) io.warn(`  and ${more} more (see --json)`)
  return 3
}
