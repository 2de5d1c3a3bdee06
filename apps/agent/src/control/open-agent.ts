import type { AgentContext } from '../agent-context.ts'
import type { AgentConfig } from '../config/agent-config.ts'
import type { UnlockedKeys } from '../keys/types.ts'

/** `background`: also serve users, answer challenges, go on with unfinished work (`run`); otherwise only what is asked for. */
export type OpenAgent = (
  config: AgentConfig,
  keys: UnlockedKeys,
  options: { background: boolean },
) => Promise<AgentContext>

/** Opens the services in this process; loaded late, so that commands that need no services start at once. */
export const openAgent: OpenAgent = async (config, keys, options) => {
  const daemon = await import('../daemon.ts')
  return daemon.openAgent(config, keys, options)
}
