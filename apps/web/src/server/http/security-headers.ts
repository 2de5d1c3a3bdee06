import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'

export interface HeaderOptions {
  origin: string
  production: boolean
}

/** On every answer: nothing is framed, guessed, referred or shared with another site. */
export function setSecurityHeaders(response: ServerResponse, { origin }: HeaderOptions): void {
  response.setHeader('X-Content-Type-Options', 'nosniff')
  response.setHeader('X-Frame-Options', 'DENY')
  response.setHeader('Referrer-Policy', 'no-referrer')
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin')
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin')
  response.setHeader('Permissions-Policy', 'camera=(), microphone=(), geolocation=(), payment=(), usb=()')
  if (origin.startsWith('https:')) response.setHeader('Strict-Transport-Security', 'max-age=31536000')
}

/**
 * A page's policy: scripts of this server with this answer's nonce, connections to this server alone. The nonce reaches Next by the
 * request's header. Style attributes are written by the widgets that place menus and dialogs.
 */
export function setPagePolicy(
  request: IncomingMessage,
  response: ServerResponse,
  { origin, production }: HeaderOptions,
): void {
  const nonce = randomBytes(16).toString('base64')
  const socket = origin.replace(/^http/, 'ws')
  const policy = [
    "default-src 'none'",
    // the development build evaluates code to show where an error came from
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${production ? '' : " 'unsafe-eval'"}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src 'self' ${socket}`,
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
  request.headers['content-security-policy'] = policy
  request.headers['x-nonce'] = nonce
  response.setHeader('Content-Security-Policy', policy)
}

/** What an API answers is never a page. */
export function setApiPolicy(response: ServerResponse): void {
  response.setHeader('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'")
  response.setHeader('Cache-Control', 'no-store')
}

/** Headers by which Next's own parts speak to each other; from outside they are an attack. */
export function dropInternalHeaders(request: IncomingMessage): void {
  for (const name of Object.keys(request.headers)) {
    if (/^(x-middleware-|x-nextjs-|x-invoke-|x-matched-path|x-now-|x-next-|next-action|x-nonce)/.test(name)) {
      delete request.headers[name]
    }
  }
  delete request.headers['content-security-policy']
  delete request.headers['x-forwarded-host']
  delete request.headers['x-forwarded-proto']
}
