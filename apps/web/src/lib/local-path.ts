/** A path on this site from a URL parameter; null for anything that could lead elsewhere. */
export function localPath(text: string): string | null {
  return /^\/(?![/\\])[\w\-./?=&%:,~]*$/.test(text) && text.length < 500 ? text : null
}
