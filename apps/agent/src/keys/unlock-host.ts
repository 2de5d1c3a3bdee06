import { DmcError } from '@dmc/core/errors/dmc-error'
import type { ResolvedConfig } from '../config/resolve-config.ts'
import type { Env } from '../env.ts'
import { findPassword } from './find-password.ts'
import { unlockKeystore } from './keystore.ts'
import { keystoreFile, readKeystore } from './keystore-file.ts'
import { refuseDevnetKey } from './refuse-devnet-key.ts'
import type { UnlockedKeys } from './types.ts'

/**
 * Opens this host's keystore with the password that `findPassword` finds; a person at a terminal has three tries.
 * @throws KEY_*, DEVNET_KEY_REFUSED, ALREADY as `findPassword` and `unlockKeystore`.
 */
export async function unlockHost(
  { dataDir, values }: Pick<ResolvedConfig, 'dataDir' | 'values'>,
  env: Pick<Env, 'credentialsDirectory' | 'passwordFile'>,
  prompt: ((attempt: number) => Promise<string>) | null,
): Promise<UnlockedKeys & { password: string }> {
  const file = keystoreFile(dataDir)
  const { hostId } = readKeystore(file)
  for (let attempt = 1; ; attempt++) {
    const { password, from } = await findPassword(env, hostId, prompt && (() => prompt(attempt)))
    try {
      const keys = await unlockKeystore(file, password)
      if (keys.wallet) refuseDevnetKey(keys.wallet.address, values['chain.chainId'])
      return { ...keys, password }
    } catch (error) {
      if (!DmcError.is(error) || error.code !== 'KEY_PASSWORD_WRONG') throw error
      if (from === 'the terminal' && attempt < 3) continue
      throw new DmcError('KEY_PASSWORD_WRONG', `The password from ${from} does not open ${file}.`, {
        hint: error.hint,
      })
    }
  }
}
