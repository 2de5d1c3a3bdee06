import type { Address } from 'viem'
import type { SocketGuard } from './live/socket-limits.ts'
import type { Services } from './services.ts'

/** Who calls: decided once, from the cookie of a request or the hello of a socket. */
export type Who =
  | { kind: 'nobody' }
  | { kind: 'wallet'; address: Address; sessionHash: string }
  | { kind: 'agent'; agentId: string; owner: Address; linkId: string }

export interface Context {
  services: Services
  who: Who
  /** Address of the other side, for limits; never for authorisation. */
  remote: string
  /** What the browser calls itself, for the list of sessions. */
  browser: string | null
  /** Sets or clears the session cookie of this answer; null where there is no HTTP answer to set it on. */
  setSession: ((token: string | null, expiresAt: Date | null) => void) | null
  /** The limits of the socket that it came over; null over HTTP, where there are no subscriptions. */
  guard: Pick<SocketGuard, 'subscription'> | null
}
