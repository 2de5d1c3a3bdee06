import { DmcError } from '@dmc/core/errors/dmc-error'
import type { AgentContext } from '../agent-context.ts'
import type { Handler } from './handler.ts'
import { HANDLERS } from './handlers.ts'
import { METHODS, type MethodName } from './methods.ts'

/**
 * Checks the input of one method and runs its handler: the same way for the socket and inside a command.
 * @throws CONTROL_PROTOCOL for an unknown method, USAGE naming the wrong part of the input, and what the handler throws.
 */
export async function runMethod(
  ctx: AgentContext,
  name: string,
  input: unknown,
  emit: (event: unknown) => void,
  signal: AbortSignal,
): Promise<unknown> {
  if (!Object.hasOwn(METHODS, name)) {
    throw new DmcError('CONTROL_PROTOCOL', `The agent has no method '${name.slice(0, 80)}'.`, {
      hint: 'Restart the service after an upgrade, so that command line and agent are the same version.',
    })
  }
  const method = name as MethodName
  const checked = METHODS[method].input.safeParse(input)
  if (!checked.success) {
    const issue = checked.error.issues[0]
    const where = [method, ...(issue?.path ?? [])].join('.')
    throw new DmcError('USAGE', `${where}: ${issue?.message ?? 'not allowed'}.`, {
      hint: `See \`dmc-agent ${method.split('.').join(' ')} --help\`.`,
    })
  }
  const handler = HANDLERS[method] as Handler<MethodName, AgentContext>
  return handler(ctx, checked.data as never, emit as never, signal)
}
