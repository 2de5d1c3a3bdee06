import type { AgentContext } from '../agent-context.ts'

type Measuring = Pick<AgentContext, 'sources' | 'signal'>

interface Queue {
  last: Promise<void>
  waiting: Set<string>
}

const queues = new WeakMap<Measuring, Queue>()

/**
 * Counts a source that the dashboard has just had added: a figure for the screen, no more; the backup walks the folder itself. One after
 * the other, each once however often it is asked for: a dashboard may name many folders, and large ones.
 */
export function measureLater(ctx: Measuring, sourceId: string): void {
  const queue = queues.get(ctx) ?? { last: Promise.resolve(), waiting: new Set() }
  queues.set(ctx, queue)
  if (queue.waiting.has(sourceId)) return
  queue.waiting.add(sourceId)
  queue.last = queue.last.then(async () => {
    queue.waiting.delete(sourceId)
    if (!ctx.signal.aborted) await ctx.sources.measure(sourceId, ctx.signal).catch(() => {})
  })
}
