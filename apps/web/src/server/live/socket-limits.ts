import type { WebSocket } from 'ws'
import type { TokenBuckets } from '../http/token-bucket.ts'
import { tooMany } from '../limits.ts'

/** How a connection ends when it misbehaves: what a browser shows in its console, what an agent writes to its log. */
export const CLOSE = {
  noHello: [4401, 'no hello within 5 s'],
  badHello: [4401, 'the hello was refused'],
  sessionEnded: [4403, 'the session has ended'],
  revoked: [4410, 'this agent is not paired any more'],
  binary: [1003, 'text only'],
  tooMuch: [1008, 'too many messages'],
  tooManySubscriptions: [1008, 'too many subscriptions'],
  goingAway: [1001, 'the dashboard restarts'],
} as const

export const HELLO_MS = 5_000
/** Requests in one message. */
const MOST_IN_BATCH = 20
/** Subscriptions at once; a page has one, an agent two. */
const MOST_SUBSCRIPTIONS = 20
/** Bytes that wait for a peer who does not read. */
const MOST_UNREAD = 4 * 1024 * 1024

export interface SocketGuard {
  helloDone(): void
  /** Counts one in; the answer counts it out. @throws TOO_MANY_REQUESTS, and the connection ends */
  subscription(): () => void
}

/**
 * Stands between a socket and tRPC: text only, not too often, not too much at once, first a hello, and who asks must read. A connection
 * that breaks a rule is cut off at once, and nothing more of it reaches tRPC.
 */
export function guardSocket(socket: WebSocket, id: string, messages: TokenBuckets): SocketGuard {
  let over = false
  let subscriptions = 0
  const cut = ([code, reason]: readonly [number, string]) => {
    if (over) return
    over = true
    // the reason goes out if there is room for it; the peer’s own goodbye is not waited for
    socket.close(code, reason)
    socket.terminate()
  }
  const late = setTimeout(() => cut(CLOSE.noHello), HELLO_MS)
  socket.once('close', () => {
    over = true
    clearTimeout(late)
  })

  const admits = (data: Buffer, isBinary: boolean): boolean => {
    if (over) return false
    if (isBinary) cut(CLOSE.binary)
    // one before it is looked at, so that looking costs the peer something too
    else if (!messages.take(id)) cut(CLOSE.tooMuch)
    else {
      const requests = countRequests(data)
      if (requests > MOST_IN_BATCH || !messages.take(id, requests - 1)) cut(CLOSE.tooMuch)
    }
    return !over
  }
  // a listener of our own could see a message, but not keep it from the listeners after it
  const emit = socket.emit.bind(socket) as (event: string | symbol, ...of: unknown[]) => boolean
  socket.emit = (event: string | symbol, ...of: unknown[]) =>
    event === 'message' && !admits(of[0] as Buffer, of[1] as boolean) ? false : emit(event, ...of)

  const send = socket.send.bind(socket) as (...of: unknown[]) => void
  socket.send = (...of: unknown[]) => {
    if (over) return
    send(...of)
    if (socket.bufferedAmount <= MOST_UNREAD) return
    over = true
    socket.terminate()
  }

  return {
    helloDone: () => clearTimeout(late),
    subscription() {
      if (subscriptions >= MOST_SUBSCRIPTIONS) {
        cut(CLOSE.tooManySubscriptions)
        throw tooMany()
      }
      subscriptions++
      let counted = true
      return () => {
        if (counted) subscriptions--
        counted = false
      }
    },
  }
}

/** The requests in a message, read as tRPC reads it; what is no JSON is one, answered with an error. */
function countRequests(data: Buffer): number {
  try {
    const message: unknown = JSON.parse(data.toString('utf8'))
    return Array.isArray(message) ? Math.max(1, message.length) : 1
  } catch {
    return 1
  }
}
