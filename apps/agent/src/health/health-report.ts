import { agentVersion } from '../control/version.ts'
import type { Alarm, Alarms } from './alarms.ts'

/** What the health endpoint and `status --health` say. */
export interface Health {
  /** False as soon as anything stands that needs a person, however early. */
  ok: boolean
  version: string
  uptimeSeconds: number
  alarms: Alarm[]
}

export function healthOf({ alarms, startedMs }: { alarms: Alarms; startedMs: number }): Health {
  const list = alarms.list()
  return {
    ok: list.length === 0,
    version: agentVersion(),
    uptimeSeconds: Math.round((Date.now() - startedMs) / 1000),
    alarms: list,
  }
}
