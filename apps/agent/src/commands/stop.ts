import { callRunningAgent } from '../control/call-agent.ts'
import { lockHolder } from '../control/lock-data-dir.ts'
import type { Action } from './shell.ts'

const PATIENCE_MS = 60_000

/** Asks the running agent to stop and waits until it has let go of the data folder. */
export const stop: Action = async ({ io, caller, config }) => {
  const { pid } = await callRunningAgent(caller, 'agent.stop', {})
  const until = Date.now() + PATIENCE_MS
  while (lockHolder(config.dataDir)?.pid === pid && Date.now() < until) {
    await new Promise((done) => setTimeout(done, 50))
  }
  const stopped = lockHolder(config.dataDir)?.pid !== pid
  io.document('stop', { pid, stopped })
  io.print(
    stopped ? `The agent (pid ${pid}) has stopped.` : `The agent (pid ${pid}) is still finishing its work.`,
  )
  return stopped ? 0 : 2
}
