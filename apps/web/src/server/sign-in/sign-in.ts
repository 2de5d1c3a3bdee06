import { randomBytes } from 'node:crypto'
import { checkSignIn, readSignIn, SIGN_IN_MS } from '@dmc/core/dashboard/sign-in'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { addNonce, takeNonce } from '@dmc/db/account/nonces'
import type { Database } from '@dmc/db/open-database'
import { type Address, getAddress, type Hex, isHex, recoverMessageAddress, size } from 'viem'

const HINT = 'Sign in again from the dashboard’s own page.'

/** A nonce for one sign-in. */
export async function newSignInNonce(db: Database, now: Date): Promise<{ nonce: string; expiresAt: Date }> {
  const nonce = randomBytes(16).toString('hex')
  const expiresAt = new Date(now.getTime() + SIGN_IN_MS)
  await addNonce(db, { nonce, kind: 'siwe', expiresAt })
  return { nonce, expiresAt }
}

/**
 * Proves that the wallet in the message signed it, for this dashboard, now, once. The nonce is gone before anything is verified, so a
 * captured message is worth nothing a second time. Externally owned accounts only: recovered here, without an RPC.
 * @returns the wallet @throws SIWE_*
 */
export async function verifySignIn(
  db: Database,
  of: { message: string; signature: string; origin: string; chainId: number; now: Date },
): Promise<Address> {
  const fields = readSignIn(of.message)
  const nonce = await takeNonce(db, { nonce: fields.nonce, kind: 'siwe' })
  if (nonce === null) {
    throw new DmcError('SIWE_NONCE_UNKNOWN', 'The nonce was used already, or is not one of ours.', {
      hint: HINT,
    })
  }
  if (nonce.expiresAt <= of.now) {
    throw new DmcError('SIWE_NONCE_EXPIRED', `The nonce was good until ${nonce.expiresAt.toISOString()}.`, {
      hint: HINT,
    })
  }
  checkSignIn(fields, of)
  if (!isHex(of.signature, { strict: true }) || size(of.signature) !== 65) {
    throw new DmcError('SIWE_SIGNATURE', 'The signature is not one of 65 bytes.', {
      hint: 'Sign in with a wallet that holds its key itself (no contract wallet).',
    })
  }
  const signer = await recover(of.message, of.signature)
  const address = getAddress(fields.address)
  if (signer !== address) {
    throw new DmcError('SIWE_SIGNER', `The message is for ${address}, but another key signed it.`, {
      hint: HINT,
    })
  }
  return address
}

async function recover(message: string, signature: Hex): Promise<Address | null> {
  try {
    return getAddress(await recoverMessageAddress({ message, signature }))
  } catch {
    return null // no point on the curve: nobody signed it
  }
}
