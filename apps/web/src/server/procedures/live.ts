import { tracked } from '@trpc/server'
import * as z from 'zod'
import { anyone, router } from '../trpc.ts'

/** One message's worth; a page reads the thing itself anew. */
const MOST_TOPICS = 200

/**
 * One feed of what changed: `order:5`, `source:ab12`, `agent:…`, `journal`, `head`; `*` means that too much was missed, read everything
 * anew. The id of an item is the last change that it covers: a subscription that comes back with it misses nothing and gets nothing
 * twice. Without a wallet: what is public.
 */
export const liveRouter = router({
  changes: anyone
    .input(z.strictObject({ lastEventId: z.string().max(20).nullish() }).default({}))
    .subscription(async function* ({ ctx, input, signal }) {
      const { feed } = ctx.services
      const ended = signal ?? new AbortController().signal
      const owner = ctx.who.kind === 'wallet' ? ctx.who.address : null
      let since = readId(input.lastEventId) ?? feed.last
      let head = feed.head
      // an id at once: from here on nothing is missed, whatever happens to the connection
      yield tracked(String(since), { topics: [] as string[] })
      while (!ended.aborted) {
        const waiting = feed.next(ended)
        const { items, last, missed } = await feed.after(since, owner)
        const topics = missed ? ['*'] : [...new Set(items.map((item) => item.topic))]
        if (feed.head !== head) {
          head = feed.head
          topics.push('head')
        }
        since = missed ? feed.last : last
        if (topics.length > MOST_TOPICS) yield tracked(String(since), { topics: ['*'] })
        else if (topics.length > 0) yield tracked(String(since), { topics })
        else await waiting
      }
    }),
})

function readId(text: string | null | undefined): bigint | null {
  return text && /^\d{1,19}$/.test(text) ? BigInt(text) : null
}
