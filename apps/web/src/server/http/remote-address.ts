import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { addressGroup } from '@dmc/core/protocol/address-group'

/** The address of the other side, for limits: one per IPv6 /64. Behind a proxy of our own, what the proxy saw last. */
export function remoteAddress(request: IncomingMessage, trustProxy: boolean): string {
  const forwarded = trustProxy
    ? String(request.headers['x-forwarded-for'] ?? '')
        .split(',')
        .at(-1)
        ?.trim()
    : ''
  const address = (forwarded && isIP(forwarded) ? forwarded : request.socket.remoteAddress) ?? 'unknown'
  return addressGroup(address)
}
