import { isDevnet } from '../../config/resolve-config.ts'
import { STRONG_N } from '../../keys/derive-password-key.ts'
import { keystoreFile, readKeystore } from '../../keys/keystore-file.ts'
import { isPublishedKey } from '../../keys/refuse-devnet-key.ts'
import { type Check, failed, ok } from '../check.ts'

export const keystore: Check = {
  name: 'keystore',
  title: 'Keystore',
  async run({ dataDir, chain }) {
    const file = keystoreFile(dataDir)
    const { kdf, wallet, operator } = readKeystore(file)
    if (kdf.n < STRONG_N && !isDevnet(chain?.chainId)) {
      return failed(
        `${file} was made for tests: its password can be guessed fast (scrypt N ${kdf.n}).`,
        'Seal it properly: unset DMC_TEST_FAST_SCRYPT and run dmc-agent password',
      )
    }
    if (wallet && isPublishedKey(wallet) && !isDevnet(chain?.chainId)) {
      return failed(
        `The wallet ${wallet} is a test account whose key everybody knows.`,
        'Use a wallet of your own: dmc-agent wallet create --replace',
      )
    }
    return ok(
      `${file}, mode 0600; operator ${operator}, ${wallet ? `wallet ${wallet}` : 'no wallet on this host'}`,
    )
  },
}
