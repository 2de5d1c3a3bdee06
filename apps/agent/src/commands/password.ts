import { resolve } from 'node:path'
import { writeKeyring } from '../keys/keyring.ts'
import { changePassword } from '../keys/keystore.ts'
import { keystoreFile, readKeystore } from '../keys/keystore-file.ts'
import { newPassword } from '../keys/new-password.ts'
import { scryptCost } from '../keys/scrypt-cost.ts'
import { unlockHost } from '../keys/unlock-host.ts'
import { askNewPassword } from '../output/prompt.ts'
import type { Action } from './shell.ts'

/** Another password for the same keystore. */
export const password: Action<[], { newPasswordFile?: string; keyring?: boolean }> = async (
  shell,
  options,
) => {
  const { io, env, config, caller } = shell
  const file = keystoreFile(config.dataDir)
  const n = scryptCost(env, config.values['chain.chainId'])
  const old = await unlockHost(config, env, caller.askPassword)
  const nobody = { credentialsDirectory: null, passwordFile: null }
  const next = await newPassword(nobody, {
    file: options.newPasswordFile && resolve(options.newPasswordFile),
    keyring: options.keyring,
    ask: io.interactive ? askNewPassword : null,
  })
  await changePassword(file, { from: old.password, to: next, n })
  const kept = options.keyring === true && (await writeKeyring(readKeystore(file).hostId, next))
  io.document('password', { keystore: file, keyring: kept })
  io.print('The keystore has its new password.')
  if (options.keyring && !kept) io.warn('This system has no usable keyring; the password was not kept there.')
}
