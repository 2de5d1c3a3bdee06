import type { WebSocket } from 'ws'
import type { TokenBuckets } from '../http/token-bucket.ts'

/** How a connection ends when it misbehaves: what a browser shows in its console, what an agent writes to its log. */
export const CLOSE = {
  noHello: [4401, 'no hello within 5 s'],
  badHello: [4401, 'the hello was refused'],
  sessionEnded: [4403, 'the session has ended'],
  revoked: [4410, 'this agent is not paired any more'],
  binary: [1003, 'text only'],
  tooMuch: [1008, 'too many messages'],
  goingAway: [1001, 'the dashboard restarts'],
} as const

export const HELLO_MS = 5_000
/** Requests in one message. */
const MOST_IN_BATCH = 20

/**
 * Watches what comes in before tRPC sees it: text only, not too often, first a hello. A connection that breaks a rule is closed at once.
 */
export function watchSocket(socket: WebSocket, id: string, messages: TokenBuckets): { helloDone(): void } {
  const close = ([code, reason]: readonly [number, string]) => {
    socket.close(code, reason)
    // a peer that does not answer the close must not stay
    setTimeout(() => socket.terminate(), 1_000).unref()
  }
  const late = setTimeout(() => close(CLOSE.noHello), HELLO_MS)
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (isBinary) return close(CLOSE.binary)
    const weight = data[0] === 0x5b ? Math.max(1, countRequests(data)) : 1
    if (weight > MOST_IN_BATCH || !messages.take(id, weight)) close(CLOSE.tooMuch)
  })
  socket.once('close', () => clearTimeout(late))
  return { helloDone: () => clearTimeout(late) }
}

/** An upper bound of the requests in a JSON list: its method keys. */
const countRequests = (data: Buffer): number => data.toString('latin1').split('"method"').length - 1
