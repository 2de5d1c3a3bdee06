import { resolve } from 'node:path'
import { formatSize } from '@dmc/core/units/format-size'
import { parseSize } from '@dmc/core/units/parse-size'
import { callAgent } from '../control/call-agent.ts'
import { cleanText } from '../output/clean-text.ts'
import type { Action } from './shell.ts'

/** flow 1 */
export const sectorAdd: Action<[string], { size: string }> = async ({ io, caller }, options, path) => {
  const size = parseSize(options.size)
  const sector = await callAgent(caller, 'sector.add', { path: resolve(path), size })
  io.document('sector.add', { sector })
  io.print(`Sector ${sector.sectorId}: ${formatSize(sector.size)} at ${cleanText(sector.path)}`)
  io.note(
    `Offer it: dmc-agent bill create --sector ${sector.sectorId} --price 0.5 --pledge-rate 4 --weeks 4-52`,
  )
}
