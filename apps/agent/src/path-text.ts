/** Names are bytes; what is not UTF-8 is shown as \xNN, a backslash as \\ only where that matters. */
export function showName(name: Uint8Array): string {
  const bytes = Buffer.from(name)
  const text = bytes.toString('utf8')
  if (Buffer.from(text, 'utf8').equals(bytes)) return text
  return [...bytes]
    .map((byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`,
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
