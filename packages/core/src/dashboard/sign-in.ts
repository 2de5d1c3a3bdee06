import { type Address, getAddress } from 'viem'
import { createSiweMessage, parseSiweMessage } from 'viem/siwe'
import { DmcError } from '../errors/dmc-error.ts'

/** What the wallet shows above the technical lines; the server takes no other. */
export const SIGN_IN_STATEMENT = 'Sign in to the DMC dashboard. This costs nothing and moves nothing.'
/** A sign-in message lives no longer than this, and its nonce neither. Milliseconds. */
export const SIGN_IN_MS = 10 * 60_000
/** Clocks of people and servers differ. Milliseconds. */
const SKEW_MS = 60_000
const LONGEST = 2_000

/** 16 random bytes as hex. */
export const SIGN_IN_NONCE = /^[0-9a-f]{32}$/

export interface SignInFields {
  domain: string
  uri: string
  version: string
  chainId: number
  nonce: string
  address: string
  statement: string | undefined
  issuedAt: Date
  expirationTime: Date | undefined
  notBefore: Date | undefined
}

/** The message (EIP-4361) that a wallet signs for a dashboard at `origin`. */
export function signInMessage(of: {
  origin: string
  address: Address
  chainId: number
  nonce: string
  now: Date
}): string {
  return createSiweMessage({
    domain: new URL(of.origin).host,
    uri: of.origin,
    version: '1',
    chainId: of.chainId,
    nonce: of.nonce,
    address: getAddress(of.address),
    statement: SIGN_IN_STATEMENT,
    issuedAt: of.now,
    expirationTime: new Date(of.now.getTime() + SIGN_IN_MS),
  })
}

/**
 * Takes a message apart. What was parsed must print as the very text that came: nothing hides beside the fields.
 * @throws SIWE_TOO_LONG, SIWE_MALFORMED, SIWE_NONCE, SIWE_ADDRESS
 */
export function readSignIn(message: string): SignInFields {
  if (message.length > LONGEST) throw refuse('SIWE_TOO_LONG', `The message has ${message.length} characters.`)
  const parsed = parseSiweMessage(message)
  const { address, domain, uri, version, chainId, nonce, issuedAt } = parsed
  if (!address || !domain || !uri || !version || chainId === undefined || !nonce || !issuedAt) {
    throw refuse('SIWE_MALFORMED', 'The message is no sign-in message, or lacks a field.')
  }
  // lower case alone passes viem's strict check; a wallet writes the checksum
  if (getAddress(address) !== address) {
    throw refuse('SIWE_ADDRESS', `The address ${address} is not written with its checksum.`)
  }
  if (version !== '1') throw refuse('SIWE_VERSION', `The message has version ${shown(version)}, not 1.`)
  if (!SIGN_IN_NONCE.test(nonce)) throw refuse('SIWE_NONCE', 'The nonce is not of this dashboard’s form.')
  const times = [issuedAt, parsed.expirationTime, parsed.notBefore]
  if (times.some((time) => time !== undefined && Number.isNaN(time.getTime()))) {
    throw refuse('SIWE_MALFORMED', 'A time in the message is not a time.')
  }
  if (print(parsed) !== message) throw refuse('SIWE_MALFORMED', 'The message has more in it than its fields.')
  return {
    domain: parsed.scheme ? `${parsed.scheme}://${domain}` : domain,
    uri,
    version,
    chainId,
    nonce,
    address,
    statement: parsed.statement,
    issuedAt,
    expirationTime: parsed.expirationTime,
    notBefore: parsed.notBefore,
  }
}

/**
 * Checks every field against what this dashboard asks for; the signature is checked by the caller.
 * @throws SIWE_DOMAIN, SIWE_URI, SIWE_VERSION, SIWE_CHAIN, SIWE_STATEMENT, SIWE_ISSUED_AT, SIWE_EXPIRATION, SIWE_EXPIRED, SIWE_TOO_EARLY
 */
export function checkSignIn(
  fields: SignInFields,
  asked: { origin: string; chainId: number; now: Date },
): void {
  const now = asked.now.getTime()
  const host = new URL(asked.origin).host
  if (fields.domain !== host) {
    throw refuse('SIWE_DOMAIN', `The message is for ${shown(fields.domain)}; this dashboard is ${host}.`)
  }
  if (fields.uri !== asked.origin) {
    throw refuse('SIWE_URI', `The message names ${shown(fields.uri)}; this dashboard is ${asked.origin}.`)
  }
  if (fields.chainId !== asked.chainId) {
    throw refuse(
      'SIWE_CHAIN',
      `The message is for chain ${fields.chainId}; this dashboard serves ${asked.chainId}.`,
    )
  }
  if (fields.statement !== SIGN_IN_STATEMENT) {
    throw refuse('SIWE_STATEMENT', 'The message says something else than this dashboard asks to sign.')
  }
  const issued = fields.issuedAt.getTime()
  if (issued > now + SKEW_MS || issued < now - SIGN_IN_MS) {
    throw refuse('SIWE_ISSUED_AT', `The message was issued at ${fields.issuedAt.toISOString()}.`)
  }
  const expires = fields.expirationTime?.getTime()
  if (expires === undefined || expires > now + SIGN_IN_MS + SKEW_MS) {
    throw refuse('SIWE_EXPIRATION', 'The message has no expiry within ten minutes.')
  }
  if (expires <= now)
    throw refuse('SIWE_EXPIRED', `The message expired at ${new Date(expires).toISOString()}.`)
  if (fields.notBefore && fields.notBefore.getTime() > now + SKEW_MS) {
    throw refuse('SIWE_TOO_EARLY', `The message is valid from ${fields.notBefore.toISOString()} only.`)
  }
}

function print(parsed: ReturnType<typeof parseSiweMessage>): string | null {
  try {
    return createSiweMessage(parsed as never)
  } catch {
    return null
  }
}

const shown = (text: string): string => `'${text.slice(0, 80)}'`

type Code = Extract<DmcError['code'], `SIWE_${string}`>

function refuse(code: Code, message: string): DmcError {
  return new DmcError(code, message, { hint: 'Sign in again from the dashboard’s own page.' })
}
