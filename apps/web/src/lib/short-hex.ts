/** `0x1234…cdef`: `ends` digits at both ends. */
export const shortHex = (value: string, ends = 4) =>
  value.length <= 2 * ends + 5 ? value : `${value.slice(0, 2 + ends)}…${value.slice(-ends)}`

/** Long ids and roots inside a sentence, cut to what tells them apart. */
export const shortenIds = (text: string) =>
  text.replace(/(0x)?[0-9a-f]{16,}/gi, (id) => (id.startsWith('0x') ? shortHex(id, 4) : `${id.slice(0, 8)}…`))
