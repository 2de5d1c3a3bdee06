/**
 * A URL as it may be shown and logged: scheme, host and port; user, path and query, where providers put API keys, become `…`.
 */
export function redactUrl(url: string): string {
  try {
    const { protocol, host, pathname, search, username } = new URL(url)
    const hidden = (pathname !== '/' && pathname !== '') || search !== '' || username !== ''
    return `${protocol}//${host}${hidden ? '/…' : ''}`
  } catch {
    return '(not a URL)'
  }
}
