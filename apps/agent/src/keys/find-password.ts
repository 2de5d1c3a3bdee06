import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DmcError } from '@dmc/core/errors/dmc-error'
import type { Env } from '../env.ts'
import { readKeyring } from './keyring.ts'
import { readSecretFile } from './read-secret-file.ts'

export interface FoundPassword {
  password: string
  /** Where it came from, for messages: "DMC_PASSWORD_FILE (/etc/dmc/password)". */
  from: string
}

/** Name of the systemd credential (LoadCredential=dmc-password:…). */
export const CREDENTIAL_NAME = 'dmc-password'

/**
 * The keystore's password, in this order: systemd credential, DMC_PASSWORD_FILE, OS keyring, terminal. Never argv, never
 * an environment variable.
 * @param hostId hex, names the keyring entry; null before there is a keystore
 * @param prompt asks a person; null without a terminal
 * @throws KEY_PASSWORD_MISSING; KEY_PERMISSIONS or KEY_MISSING for a named file that can't be used.
 */
export async function findPassword(
  env: Pick<Env, 'credentialsDirectory' | 'passwordFile'>,
  hostId: string | null,
  prompt: (() => Promise<string>) | null,
): Promise<FoundPassword> {
  if (env.credentialsDirectory) {
    const file = join(env.credentialsDirectory, CREDENTIAL_NAME)
    if (existsSync(file)) {
      const password = notEmpty(file, readSecretFile(file, { trusted: true }))
      return { password, from: `the systemd credential ${CREDENTIAL_NAME}` }
    }
  }
  if (env.passwordFile) {
    const password = notEmpty(env.passwordFile, readSecretFile(env.passwordFile))
    return { password, from: `DMC_PASSWORD_FILE (${env.passwordFile})` }
  }
  if (hostId) {
    const password = await readKeyring(hostId)
    if (password) return { password, from: 'the keyring' }
  }
  if (prompt) return { password: await prompt(), from: 'the terminal' }
  throw new DmcError(
    'KEY_PASSWORD_MISSING',
    'The keystore is locked and nobody can be asked for its password.',
    {
      hint: `Name a file with mode 0600 in DMC_PASSWORD_FILE, give systemd's LoadCredential=${CREDENTIAL_NAME}:FILE, or run it in a terminal.`,
    },
  )
}

function notEmpty(file: string, text: string): string {
  const line = text.split(/\r?\n/)[0] ?? ''
  if (line !== '') return line
  throw new DmcError(
    'KEY_PASSWORD_MISSING',
    `${file} is empty; it must hold the password on its first line.`,
    {
      hint: 'Write the password into it, mode 0600.',
    },
  )
}
