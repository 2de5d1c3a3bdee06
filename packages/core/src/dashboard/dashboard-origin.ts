import { DmcError } from '../errors/dmc-error.ts'

/**
 * Scheme, host and port of a dashboard from what a person gave: https, or http on this machine.
 * @throws DASHBOARD_URL_REFUSED
 */
export function dashboardOrigin(text: string): string {
  const refused = (why: string) =>
    new DmcError('DASHBOARD_URL_REFUSED', `'${text.slice(0, 200)}' is not a dashboard: ${why}.`, {
      hint: 'Give its address as the browser shows it: https://dashboard.example',
    })
  let url: URL
  try {
    url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`)
  } catch {
    throw refused('that is not an address')
  }
  if (url.username || url.password) throw refused('an address holds no user or password')
  const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback)) {
    throw refused('it must be https:// (http:// only on this machine)')
  }
  return url.origin
}
