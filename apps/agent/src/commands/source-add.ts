import { resolve } from 'node:path'
import { callAgent } from '../control/call-agent.ts'
import { orderTerms } from '../control/methods.ts'
import { cleanText } from '../output/clean-text.ts'
import { fail } from '../output/io.ts'
import type { Action } from './shell.ts'
import { parseTerms, type TermsOptions } from './terms.ts'

/** flow 5, and flow 6 when terms are given */
export const sourceAdd: Action<[string], TermsOptions & { name?: string; exclude?: string[] }> = async (
  { io, caller },
  options,
  path,
) => {
  const given = parseTerms(options)
  if (Object.keys(given).length > 0 && (given.weeks === undefined || given.maxPrice === undefined)) {
    throw fail(
      'USAGE',
      'Order terms need at least --weeks and --max-price.',
      'Give both, or none: `order create` can be told later.',
    )
  }
  const defaults = { minPledgeRate: 0, maxBond: 0n, challenges: 0, capacity: 0n }
  const terms = given.weeks === undefined ? undefined : orderTerms.parse({ ...defaults, ...given })
  const source = await callAgent(caller, 'source.add', {
    path: resolve(path),
    ...(options.name ? { name: options.name } : {}),
    ...(options.exclude ? { excludes: options.exclude } : {}),
    ...(terms ? { terms } : {}),
  })
  io.document('source.add', { source })
  io.print(`Source ${source.sourceId} (${cleanText(source.name)}): ${cleanText(source.path)}`)
  if (source.excludes.length > 0) io.print(`Left out: ${source.excludes.map(cleanText).join(', ')}`)
  io.note(`What it would cost: dmc-agent market --source ${source.sourceId} --weeks 24`)
}
