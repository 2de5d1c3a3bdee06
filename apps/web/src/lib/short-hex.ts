/** `0x1234…cdef`: `ends` digits at both ends. */
export const shortHex = (value: string, ends = 4) =>
  value.length <= 2 * ends + 5 ? value : `${value.slice(0, 2 + ends)}…${value.slice(-ends)}`
