/** The session's cookie: `__Host-` where the browser insists on https for it. */
export const sessionCookieName = (origin: string): string =>
  origin.startsWith('https:') ? '__Host-dmc-session' : 'dmc-session'

const TOKEN = /^[A-Za-z0-9_-]{43}$/

/** The session token of a Cookie header, or null. */
export function readSessionCookie(header: string | null | undefined, name: string): string | null {
  for (const part of (header ?? '').split(';').slice(0, 50)) {
    const [key, value] = part.trim().split('=', 2)
    if (key === name && value && TOKEN.test(value)) return value
  }
  return null
}

/** A Set-Cookie header; `null` takes the cookie away. HttpOnly: no script reads it. */
export function printSessionCookie(origin: string, token: string | null, expiresAt: Date | null): string {
  const secure = origin.startsWith('https:') ? '; Secure' : ''
  const end = token === null ? '; Max-Age=0' : expiresAt ? `; Expires=${expiresAt.toUTCString()}` : ''
  return `${sessionCookieName(origin)}=${token ?? ''}; Path=/; HttpOnly; SameSite=Lax${secure}${end}`
}
