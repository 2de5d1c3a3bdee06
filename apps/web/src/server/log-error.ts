import { inspect } from 'node:util'

/** User, path and query of these may hold a key or a password. */
const URLS = /\b(?:https?|wss?|postgres(?:ql)?):\/\/[^\s"'`<>]+/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g

/** An error to the log of whoever runs this server, whole, but for the addresses of RPCs and databases and for what steers a terminal. */
export function logError(where: string, error: unknown): void {
  console.error(`dashboard: ${where}: ${errorText(error)}`)
}

export function errorText(error: unknown): string {
  return inspect(error, { depth: 6, breakLength: Number.POSITIVE_INFINITY })
    .replace(URLS, (url) => `${url.slice(0, url.indexOf(':'))}://…`)
    .replace(CONTROL, (char) => `\\x${(char.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`)
}
