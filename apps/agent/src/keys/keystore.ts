import { randomBytes, timingSafeEqual } from 'node:crypto'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { operatorKey } from '@dmc/core/keys/operator-key'
import type { Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { createFileSafely, writeFileSafely } from '../config/write-file-safely.ts'
import { derivePasswordKey } from './derive-password-key.ts'
import { corrupt, type Keystore, printKeystore, readKeystore } from './keystore-file.ts'
import { openEntry, sealEntry } from './seal-entry.ts'
import type { KeyPair, UnlockedKeys } from './types.ts'

/**
 * Makes `keystore.json` with a new host id (0600, never over an existing file).
 * @param master 32 bytes: the entropy of the recovery phrase @param n scrypt cost, a power of two
 * @throws ALREADY_INITIALISED when the file is there.
 */
export async function createKeystore(
  file: string,
  { password, master, n }: { password: string; master: Uint8Array; n: number },
): Promise<UnlockedKeys> {
  const hostId = randomBytes(32)
  const operator = operatorPair(master, hostId)
  const kdf = { name: 'scrypt', n, r: 8, p: 1, salt: randomBytes(32).toString('hex') } as const
  const { key, check } = await derivePasswordKey(password, kdf)
  const keystore = {
    format: 'dmc-keystore',
    version: 1,
    hostId: hostId.toString('hex'),
    operator: operator.address,
    kdf,
    check,
  } as const
  const phrase = sealEntry(key, label('phrase', keystore), master)
  if (createFileSafely(file, printKeystore({ ...keystore, entries: { phrase } })) === 'exists') {
    throw alreadyInitialised(file)
  }
  return { master, hostId, operator, wallet: null }
}

/**
 * Opens the keystore.
 * @throws KEY_MISSING, KEY_PERMISSIONS, KEY_CORRUPT, KEY_PASSWORD_WRONG.
 */
export async function unlockKeystore(file: string, password: string): Promise<UnlockedKeys> {
  const keystore = readKeystore(file)
  const key = await passwordKey(file, keystore, password)
  const master = openEntry(key, label('phrase', keystore), keystore.entries.phrase)
  if (!master) throw corrupt(file, 'the recovery phrase does not authenticate')
  const hostId = Buffer.from(keystore.hostId, 'hex')
  const operator = operatorPair(master, hostId)
  if (operator.address.toLowerCase() !== keystore.operator.toLowerCase()) {
    throw corrupt(file, 'the operator address is not the one of this phrase and host')
  }
  let wallet: KeyPair | null = null
  if (keystore.entries.wallet) {
    const secret = openEntry(key, label('wallet', keystore), keystore.entries.wallet)
    if (!secret) throw corrupt(file, 'the wallet key does not authenticate')
    wallet = keyPair(toHex(secret))
    if (wallet.address !== keystore.wallet)
      throw corrupt(file, 'the wallet address is not the one of its key')
  }
  return { master, hostId, operator, wallet }
}

/** Puts the wallet's private key into the keystore, or replaces it. Errors as `unlockKeystore`. */
export async function storeWallet(file: string, password: string, privateKey: Hex): Promise<KeyPair> {
  const { checksum: _checksum, ...keystore } = readKeystore(file)
  const key = await passwordKey(file, keystore, password)
  const pair = keyPair(privateKey)
  const wallet = sealEntry(key, label('wallet', keystore), Buffer.from(privateKey.slice(2), 'hex'))
  const changed = { ...keystore, entries: { ...keystore.entries, wallet }, wallet: pair.address }
  writeFileSafely(file, printKeystore(changed))
  return pair
}

/** Sealed anew under another password; the old one opens nothing any more. */
export async function changePassword(
  file: string,
  { from, to, n }: { from: string; to: string; n: number },
): Promise<void> {
  const keys = await unlockKeystore(file, from)
  const { checksum: _checksum, ...old } = readKeystore(file)
  const kdf = { ...old.kdf, n, salt: randomBytes(32).toString('hex') }
  const { key, check } = await derivePasswordKey(to, kdf)
  const keystore = { ...old, kdf, check }
  const phrase = sealEntry(key, label('phrase', keystore), keys.master)
  const wallet = keys.wallet
    ? sealEntry(key, label('wallet', keystore), Buffer.from(keys.wallet.privateKey.slice(2), 'hex'))
    : undefined
  writeFileSafely(file, printKeystore({ ...keystore, entries: wallet ? { phrase, wallet } : { phrase } }))
}

export function alreadyInitialised(file: string): DmcError {
  return new DmcError('ALREADY_INITIALISED', `There is a keystore at ${file} already.`, {
    hint: 'Use it as it is, or choose another folder with --data-dir. Nothing was changed.',
  })
}

export function keyPair(privateKey: Hex): KeyPair {
  return { address: privateKeyToAccount(privateKey).address, privateKey }
}

function operatorPair(master: Uint8Array, hostId: Uint8Array): KeyPair {
  return keyPair(toHex(operatorKey(master, hostId)))
}

async function passwordKey(
  file: string,
  keystore: Omit<Keystore, 'checksum'>,
  password: string,
): Promise<Uint8Array> {
  const { key, check } = await derivePasswordKey(password, keystore.kdf)
  if (!timingSafeEqual(Buffer.from(check, 'hex'), Buffer.from(keystore.check, 'hex'))) {
    throw new DmcError('KEY_PASSWORD_WRONG', `The password does not open ${file}.`, {
      hint: 'Try again; with the recovery phrase you can always make a new keystore: `dmc-agent init --recover`.',
    })
  }
  return key
}

/** What each entry is bound to: its name, the host, the operator and the stretching. */
function label(
  entry: 'phrase' | 'wallet',
  { hostId, operator, kdf }: Pick<Keystore, 'hostId' | 'operator' | 'kdf'>,
): string {
  return `dmc-keystore/1/${entry}/${hostId}/${operator.toLowerCase()}/${kdf.n}/${kdf.r}/${kdf.p}/${kdf.salt}`
}

const toHex = (bytes: Uint8Array): Hex => `0x${Buffer.from(bytes).toString('hex')}`
