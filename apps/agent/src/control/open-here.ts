import { toAgentConfig } from '../config/resolve-config.ts'
import { unlockHost } from '../keys/unlock-host.ts'
import type { AgentSession, Caller } from './call-agent.ts'
import { runMethod } from './run-method.ts'
import { requireInitialised, withOpenAgent } from './with-open-agent.ts'

/** The agent in this process, for one command; loaded only when no agent runs. */
export async function openHere<T>(
  caller: Caller,
  path: string,
  work: (agent: AgentSession) => Promise<T>,
): Promise<T> {
  requireInitialised(caller.config)
  const config = toAgentConfig(caller.config)
  const { password: _password, ...keys } = await unlockHost(caller.config, caller.env, caller.askPassword)
  return withOpenAgent({ config, keys, command: caller.command, path, background: false }, (ctx) =>
    work({
      where: 'here',
      call: (method, input, onEvent) =>
        runMethod(ctx, method, input, (event) => onEvent?.(event as never), caller.signal) as Promise<never>,
    }),
  )
}
