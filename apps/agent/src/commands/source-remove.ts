import { callAgent } from '../control/call-agent.ts'
import { fail } from '../output/io.ts'
import { askYesNo } from '../output/prompt.ts'
import type { Action } from './shell.ts'

export const sourceRemove: Action<[string]> = async ({ io, caller }, _options, source) => {
  if (!io.yes) {
    const go =
      io.interactive &&
      (await askYesNo(`Stop backing up ${source}? Its orders and snapshots stay until they end.`))
    if (!go) throw fail('NOT_CONFIRMED', 'Not confirmed; nothing was removed.', 'Run it again with --yes.')
  }
  const removed = await callAgent(caller, 'source.remove', { source })
  io.document('source.remove', removed)
  io.print(`Source ${removed.sourceId} is no longer backed up. The folder itself was not touched.`)
}
