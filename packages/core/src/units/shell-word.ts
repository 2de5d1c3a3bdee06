/** `text` as one word that can be pasted into a POSIX shell. */
export const shellWord = (text: string): string =>
  /^[A-Za-z0-9_./,:=+@%-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
