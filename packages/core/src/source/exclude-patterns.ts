import { DmcError } from '../errors/dmc-error.ts'

/** Bounds of one source's excludes: they travel in reports and commands, and each name of the source is held against each. */
export const MOST_EXCLUDES = 100
export const MOST_EXCLUDE_CHARS = 256
/** Of all patterns together, as UTF-8. */
export const MOST_EXCLUDE_BYTES = 8 * 1024

/**
 * The patterns of a source's excludes as they are kept: trimmed, each once, in the order in which they were given (a later
 * `!pattern` takes back an earlier one). Written as in a .gitignore file, relative to the source: `*.tmp` anywhere in it,
 * `/cache` only at its top, `build/` only folders, `docs/**` all in a folder.
 * @throws EXCLUDE_INVALID for what could never fit a name in the source, or would be taken for a comment
 */
export function checkExcludes(patterns: readonly string[]): string[] {
  const kept = [...new Set(patterns.map((pattern) => pattern.trim()))]
  for (const pattern of kept) {
    const why = wrongWith(pattern)
    if (why) throw invalid(`'${pattern.slice(0, 80)}' ${why}`)
  }
  if (kept.length > MOST_EXCLUDES) throw invalid(`${kept.length} patterns are more than ${MOST_EXCLUDES}`)
  const bytes = new TextEncoder().encode(kept.join('')).length
  if (bytes > MOST_EXCLUDE_BYTES) {
    throw invalid(`all patterns together have ${bytes} bytes, more than ${MOST_EXCLUDE_BYTES}`)
  }
  return kept
}

function wrongWith(pattern: string): string | null {
  if (pattern === '' || pattern === '!') return 'is empty'
  if (pattern.length > MOST_EXCLUDE_CHARS) return `has more than ${MOST_EXCLUDE_CHARS} characters`
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
  if (/[\u0000-\u001f\u007f]/.test(pattern)) return 'holds a line break or another control character'
  if (pattern.startsWith('#'))
    return 'begins with #, which is a comment in such lists (write \\# for a name with it)'
  if (pattern.endsWith('\\') && !pattern.endsWith('\\\\')) return 'ends with a single backslash'
  const parts = pattern.replace(/^!/, '').split('/')
  // each more of them multiplies what a deep path costs to look at
  if (parts.filter((part) => /^\*{2,}$/.test(part)).length > 2) return 'has more than two **'
  if (parts.includes('..') || parts.includes('.'))
    return 'holds . or .. as a part: patterns are relative to the source and never leave it'
  return null
}

const invalid = (what: string): DmcError =>
  new DmcError('EXCLUDE_INVALID', `These excludes can't be taken: ${what}.`, {
    hint: 'Write them as in a .gitignore file, relative to the source: *.tmp, /cache, node_modules/, docs/**/*.bak, !keep.tmp.',
  })
