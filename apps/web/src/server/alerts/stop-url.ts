/** Where mails are stopped without signing in: the page asks first, a mail program's one-click POST does it at once. */
export const stopUrlOf = (origin: string, stop: string): string => `${origin}/api/stop-mails?t=${stop}`
