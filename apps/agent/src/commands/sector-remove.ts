import { callAgent } from '../control/call-agent.ts'
import type { Action } from './shell.ts'

export const sectorRemove: Action<[string]> = async ({ io, caller }, _options, sectorId) => {
  const removed = await callAgent(caller, 'sector.remove', { sectorId })
  io.document('sector.remove', removed)
  io.print(`Sector ${removed.sectorId} is no longer offered. Its folder was left as it is.`)
}
