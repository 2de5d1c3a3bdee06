/**
 * Text from a peer, a file name or a chain, safe to print: control characters (terminal escapes, line breaks) and the marks
 * that turn the direction of writing become visible `\xNN` and `\u{…}`.
 */
export function cleanText(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g,
    (char) => {
      const code = char.codePointAt(0) ?? 0
      return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
    },
  )
}

/** Columns of a terminal that a text takes: 2 for East Asian wide characters and emoji, 0 for combining marks. */
export function displayWidth(text: string): number {
  let width = 0
  for (const char of text) {
    if (/\p{Mark}|\u200d|\ufe0f/u.test(char)) continue
    width +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
        char,
      )
        ? 2
        : 1
  }
  return width
}

/** At most `columns` wide, the middle cut out: `/a/long/…/name.jpg`. */
export function cutMiddle(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text
  const chars = [...text]
  let start = ''
  let end = ''
  for (let from = 0, to = chars.length - 1; from < to; from++, to--) {
    const more = (chars[from] ?? '') + (chars[to] ?? '')
    if (displayWidth(start + end + more) + 1 > columns) break
    start += chars[from]
    end = chars[to] + end
  }
  return `${start}…${end}`
}
