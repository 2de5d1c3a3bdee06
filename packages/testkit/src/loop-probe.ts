import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { AgentProcess } from './agent-process.ts'

const PROBE = pathToFileURL(join(fileURLToPath(new URL('.', import.meta.url)), 'loop-probe.mjs')).href

/**
 * The longest hold of an agent's event loop, in milliseconds: of its main thread's processor time, of waiting in the middle of its work
 * for something else than a core (0 where that can't be told), and of the clock.
 */
export interface LongestHold {
  cpuMs: number
  blockedMs: number
  wallMs: number
}

type Probed = Pick<AgentProcess, 'name' | 'dataDir' | 'pid'>

const fileOf = (agent: Probed) => join(agent.dataDir, '..', 'loop-probe.json')

/** The environment with which an agent is started to be asked by `longestHold`. */
export const loopProbeEnv = (agent: Probed): Record<string, string> => ({
  NODE_OPTIONS: `--import=${PROBE}`,
  LOOP_PROBE_FILE: fileOf(agent),
})

/** Since the last call, or the start. */
export async function longestHold(agent: Probed): Promise<LongestHold> {
  const file = fileOf(agent)
  rmSync(file, { force: true })
  if (agent.pid === undefined) throw new Error(`the agent of ${agent.name} is not running`)
  process.kill(agent.pid, 'SIGUSR2')
  for (let tries = 0; tries < 500; tries++) {
    try {
      return JSON.parse(readFileSync(file, 'utf8')) as LongestHold
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  throw new Error(`the agent of ${agent.name} was not started with the environment of loopProbeEnv`)
}
