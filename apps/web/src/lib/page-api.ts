import { createTRPCClient, httpBatchLink, splitLink, type TRPCLink, wsLink } from '@trpc/client'
import { observable } from '@trpc/server/observable'
import superjson from 'superjson'
import type { AppRouter } from '../server/router.ts'
import { isSignedOut } from './error-text.ts'
import { openSocket } from './open-socket.ts'

/** How the server closes the socket of a session that has ended. */
const SESSION_ENDED = 4403
/** One's own sign-out closes it, too, and leaves the page: nobody needs to be told then. */
const LEAVE_MS = 1_000

export interface PageApi {
  client: ReturnType<typeof createTRPCClient<AppRouter>>
  /** The page's socket, opened unless it is. Never while rendering, see `makePageApi`. */
  socket(): ReturnType<typeof openSocket>
  /** Ends the socket; the next question for it opens another. */
  close(): void
}

/**
 * The API of a page. Making it opens nothing: while the page's scripts still come in, React renders what it throws away again, dozens
 * of times, and a socket that a thrown-away rendering opened would stay open until the session may open no more.
 * @param onEnded hears that nobody is signed in any more
 * @param Base the browser's WebSocket
 */
export function makePageApi(
  origin: string,
  { onEnded, Base }: { onEnded: () => void; Base?: typeof WebSocket },
): PageApi {
  let opened: ReturnType<typeof openSocket> | null = null
  const socket = () => {
    opened ??= openSocket(`${origin.replace(/^http/, 'ws')}/api/ws`, {
      onClose: (cause) => {
        if (cause?.code === SESSION_ENDED) setTimeout(onEnded, LEAVE_MS)
      },
      ...(Base === undefined ? {} : { Base }),
    })
    return opened
  }
  const overSocket: TRPCLink<AppRouter> = (runtime) => (given) =>
    wsLink<AppRouter>({ client: socket(), transformer: superjson })(runtime)(given)
  const client = createTRPCClient<AppRouter>({
    links: [
      watchSession(onEnded),
      splitLink({
        condition: (op) => op.type === 'subscription',
        true: overSocket,
        false: httpBatchLink({ url: `${origin}/api/trpc`, transformer: superjson, maxURLLength: 2_000 }),
      }),
    ],
  })
  return {
    client,
    socket,
    close() {
      opened?.close().catch(() => {})
      opened = null
    },
  }
}

/** Hears when any answer says that nobody is signed in any more. */
const watchSession =
  (onEnded: () => void): TRPCLink<AppRouter> =>
  () =>
  ({ op, next }) =>
    observable((observer) =>
      next(op).subscribe({
        next: (value) => observer.next(value),
        complete: () => observer.complete(),
        error: (error) => {
          if (isSignedOut(error)) onEnded()
          observer.error(error)
        },
      }),
    )
