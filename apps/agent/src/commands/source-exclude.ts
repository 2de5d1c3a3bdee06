import { callAgent } from '../control/call-agent.ts'
import { cleanText } from '../output/clean-text.ts'
import { fail } from '../output/io.ts'
import type { Action } from './shell.ts'

export const sourceExclude: Action<[string, string[]], { none?: boolean }> = async (
  { io, caller },
  { none },
  source,
  patterns,
) => {
  if ((patterns.length === 0) === (none === undefined)) {
    throw fail('USAGE', 'Give the new patterns, or --none.', 'source list shows what is left out now.')
  }
  const row = await callAgent(caller, 'source.exclude', { source, excludes: patterns })
  io.document('source.exclude', { source: row })
  const list = row.excludes.map(cleanText).join(', ')
  io.print(`Source ${cleanText(row.name)} leaves out: ${list || 'nothing'}; from its next backup on.`)
}
