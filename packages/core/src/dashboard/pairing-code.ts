/** RFC 8628's advice: no vowels, so no words; nothing that looks like a digit. */
export const PAIRING_ALPHABET = 'BCDFGHJKLMNPQRSTVWXZ'
export const PAIRING_CODE = /^[BCDFGHJKLMNPQRSTVWXZ]{8}$/
/** How long a code waits for its person. Milliseconds. */
export const PAIRING_MS = 10 * 60_000

/** Eight letters, evenly chosen: 34 bits. @param random gives that many random bytes */
export function newPairingCode(random: (length: number) => Uint8Array): string {
  let code = ''
  while (code.length < 8) {
    for (const byte of random(16)) {
      // 240 is the largest multiple of 20 in a byte: the rest would favour the first letters
      if (byte < 240 && code.length < 8) code += PAIRING_ALPHABET[byte % 20]
    }
  }
  return code
}

/** `BCDF-GHJK`, as people read it. */
export const showPairingCode = (code: string): string => `${code.slice(0, 4)}-${code.slice(4)}`

/** What was typed or pasted as a code, or null. */
export function readPairingCode(text: string): string | null {
  const code = text.toUpperCase().replace(/[\s-]/g, '')
  return PAIRING_CODE.test(code) ? code : null
}
