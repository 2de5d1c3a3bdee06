import { randomBytes } from 'node:crypto'
import { createFileSafely } from '../config/write-file-safely.ts'
import type { Env } from '../env.ts'
import { fail } from '../output/io.ts'
import { findPassword } from './find-password.ts'

/** 32 characters, 192 bits. */
const randomPassword = (): string => randomBytes(24).toString('base64url')

export interface NewPasswordChoice {
  /** `--new-password-file`: a random password is written there. */
  file?: string | undefined
  /** `--keyring`: it will be kept in the OS keyring, so it may be random when nobody is there to choose. */
  keyring?: boolean | undefined
  /** Asks a person for a new one, twice; null without a terminal. */
  ask: (() => Promise<string>) | null
}

/**
 * The password for a new keystore: a random one into a new 0600 file when asked for, else systemd credential or
 * DMC_PASSWORD_FILE, else a person's choice, else a random one for the keyring.
 * @throws KEY_PASSWORD_MISSING, TARGET_UNWRITABLE, ALREADY_INITIALISED when the file to write is there.
 */
export async function newPassword(
  env: Pick<Env, 'credentialsDirectory' | 'passwordFile'>,
  { file, keyring, ask }: NewPasswordChoice,
): Promise<string> {
  if (file) {
    const password = randomPassword()
    if (createFileSafely(file, `${password}\n`) === 'created') return password
    throw fail('ALREADY_INITIALISED', `${file} is there already.`, 'Name a file that does not exist yet.')
  }
  const fallback = ask ?? (keyring ? async () => randomPassword() : null)
  return (await findPassword(env, null, fallback)).password
}
