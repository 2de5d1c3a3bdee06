import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto'

/** How long the code in a mail is good. */
export const CODE_MS = 30 * 60_000

export const newWebhookSecret = (): string => `dmcwh_${randomBytes(32).toString('base64url')}`
export const newStopToken = (): string => randomBytes(24).toString('base64url')

const hashOf = (of: { owner: string; address: string }, code: string) =>
  createHash('sha256').update(`${of.owner} ${of.address} ${code}`).digest('hex')

/** Eight digits, of which the database keeps a hash that is good for this wallet and address only. */
export function newCode(of: { owner: string; address: string }): { code: string; hash: string } {
  const code = String(randomInt(0, 100_000_000)).padStart(8, '0')
  return { code, hash: hashOf(of, code) }
}

export function codeMatches(of: {
  owner: string
  address: string
  code: { hash: string; until: string }
  given: string
  now: Date
}): boolean {
  const digits = of.given.replace(/\D/g, '')
  if (digits.length !== 8 || Date.parse(of.code.until) < of.now.getTime()) return false
  const given = Buffer.from(hashOf(of, digits), 'hex')
  const kept = Buffer.from(of.code.hash, 'hex')
  return given.length === kept.length && timingSafeEqual(given, kept)
}

export function codeMail(of: { code: string; owner: string; origin: string }): {
  subject: string
  text: string
} {
  const shown = `${of.code.slice(0, 4)} ${of.code.slice(4)}`
  return {
    subject: `${shown} is your code`,
    text: [
      `${shown}`,
      '',
      `Somebody who is signed in at ${of.origin} with the wallet ${of.owner} wants alerts sent to this address.`,
      'Was it you? Type the code on the settings page within 30 minutes.',
      'If it was not you, ignore this mail: without the code nothing more is sent here.',
      '',
    ].join('\n'),
  }
}
