import type { AgentContext } from '../agent-context.ts'
import { answerAsk } from './answer-ask.ts'
import { CommandRunner } from './command-runner.ts'
import { holdLink } from './hold-link.ts'
import { identityOf } from './identity.ts'
import { Outbox } from './outbox.ts'
import { Reporter } from './reporter.ts'
import { openRoots } from './roots.ts'

export interface DashboardLink {
  close(): Promise<void>
}

/** Links this host to the dashboard that it is paired with. Nothing of this host waits for it. */
export async function openDashboardLink(
  ctx: AgentContext,
  pairing: { origin: string; agentId: string },
): Promise<DashboardLink> {
  const stop = new AbortController()
  const signal = AbortSignal.any([ctx.signal, stop.signal])
  const outbox = new Outbox(ctx.store)
  outbox.startAnew(`${pairing.origin} ${pairing.agentId}`)
  const roots = await openRoots(ctx.config.roots)
  const reporter = new Reporter(ctx, outbox, roots)
  const runner = new CommandRunner(ctx, outbox, roots, () => reporter.nudge())
  const holding = holdLink({
    ...pairing,
    identity: identityOf(ctx.keys),
    outbox,
    take: (command) => runner.take(command),
    answer: (asked) => answerAsk({ ctx, roots, signal }, asked),
    note: (entry) => ctx.journal.add(entry),
    signal,
  })
  return {
    async close() {
      stop.abort()
      await holding
      await reporter.close()
      await runner.close()
    },
  }
}
