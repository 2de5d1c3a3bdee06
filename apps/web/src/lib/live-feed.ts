import { isSignedOut } from './error-text.ts'
import type { PageApi } from './page-api.ts'

/** After the feed ended: a dashboard whose database is away for a moment is not asked in a loop. */
const AGAIN_MS = 2_000

/**
 * Listens to the one live feed until stopped. A lost socket is dialled again below it and the feed goes on where it was; one that ended
 * (with an error of the dashboard's, or because a socket died while it was asked) is asked for anew, unless nobody is signed in any more.
 * @param hear gets the topics of each change; `*` first, each time it is asked anew: what changed before that was told to nobody
 */
export function listenToFeed({ live }: PageApi['client'], hear: (topics: readonly string[]) => void) {
  let timer: ReturnType<typeof setTimeout> | undefined
  let subscription: { unsubscribe(): void } | undefined
  let stopped = false
  const again = () => {
    clearTimeout(timer)
    if (!stopped) timer = setTimeout(listen, AGAIN_MS)
  }
  const listen = () => {
    let first = true
    subscription = live.changes.subscribe(
      {},
      {
        onData: ({ data }) => {
          hear(first ? ['*', ...data.topics] : data.topics)
          first = false
        },
        onError: (error) => {
          if (!isSignedOut(error)) again()
        },
        onComplete: again,
      },
    )
  }
  listen()
  return {
    stop() {
      stopped = true
      clearTimeout(timer)
      subscription?.unsubscribe()
    },
  }
}
