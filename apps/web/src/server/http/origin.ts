import type { IncomingMessage } from 'node:http'

/**
 * May this request act? A browser says where its page is from, and that must be here. Programs send no Origin: they may, as long as
 * they bring no cookie (a browser that hides its origin would).
 */
export function originAllowed(request: IncomingMessage, origins: readonly string[]): boolean {
  const { origin } = request.headers
  if (origin !== undefined) return origins.includes(origin)
  return request.headers.cookie === undefined
}
