import { toAgentConfig } from '../config/resolve-config.ts'
import type { UnlockedKeys } from '../keys/types.ts'
import { unlockHost } from '../keys/unlock-host.ts'
import type { AgentSession, Caller } from './call-agent.ts'
import { runMethod } from './run-method.ts'
import { requireInitialised, withOpenAgent } from './with-open-agent.ts'

/** The keys of this host, once. @throws NOT_INITIALISED, KEY_* */
export async function unlockFor(caller: Caller): Promise<UnlockedKeys> {
  requireInitialised(caller.config)
  toAgentConfig(caller.config)
  const { password: _password, ...keys } = await unlockHost(caller.config, caller.env, caller.askPassword)
  return keys
}

/** The agent in this process, for one command; loaded only when no agent runs. @throws DATA_DIR_LOCKED before `work` starts */
export function openHere<T>(
  caller: Caller,
  keys: UnlockedKeys,
  path: string,
  work: (agent: AgentSession) => Promise<T>,
): Promise<T> {
  const config = toAgentConfig(caller.config)
  return withOpenAgent({ config, keys, command: caller.command, path, background: false }, (ctx) =>
    work({
      where: 'here',
      call: (method, input, onEvent) =>
        runMethod(ctx, method, input, (event) => onEvent?.(event as never), caller.signal) as Promise<never>,
    }),
  )
}
