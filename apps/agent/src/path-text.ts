const HEX = /\\x[0-9a-fA-F]{2}/

/**
 * A name or path as text that `readName` turns back into the same bytes: as it is when it is UTF-8; else each byte that
 * is not printable ASCII as \xNN. A backslash is written \x5c where it could be taken for the beginning of one.
 */
export function showName(name: Uint8Array): string {
  const bytes = Buffer.from(name)
  const text = bytes.toString('utf8')
  const isText = Buffer.from(text, 'utf8').equals(bytes)
  if (isText && !HEX.test(text)) return text
  if (isText) return text.replaceAll(new RegExp(HEX, 'g'), (match) => `\\x5c${match.slice(1)}`)
  return [...bytes]
    .map((byte) =>
      byte >= 0x20 && byte < 0x7f && byte !== 0x5c
        ? String.fromCharCode(byte)
        : `\\x${byte.toString(16).padStart(2, '0')}`,
    )
    .join('')
}

/** The bytes of a name as a person typed it; `\xNN` stands for one byte. Leading and trailing slashes are dropped. */
export function readName(text: string): Buffer {
  const parts = text.replaceAll(/^\/+|\/+$/g, '').split(/(\\x[0-9a-fA-F]{2})/)
  return Buffer.concat(
    parts.map((part) =>
      /^\\x[0-9a-fA-F]{2}$/.test(part) ? Buffer.from(part.slice(2), 'hex') : Buffer.from(part, 'utf8'),
    ),
  )
}
