import type { AgentContext } from '../agent-context.ts'
import type { Handler } from '../control/handler.ts'

/** Answers first, then ends this process as SIGTERM would: everything stops so that it can be resumed. */
export const agentStop: Handler<'agent.stop', AgentContext> = async () => {
  setTimeout(() => process.kill(process.pid, 'SIGTERM'), 50)
  return { pid: process.pid }
}
