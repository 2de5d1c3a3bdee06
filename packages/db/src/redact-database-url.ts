/** A database URL without its password and parameters, for messages. */
export function redactDatabaseUrl(url: string): string {
  try {
    const { protocol, username, host, pathname } = new URL(url)
    return `${protocol}//${username === '' ? '' : `${username}@`}${host}${pathname}`
  } catch {
    return 'DATABASE_URL'
  }
}
