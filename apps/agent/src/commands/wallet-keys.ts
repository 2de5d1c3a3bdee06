import { writeConfigFile } from '../config/config-file.ts'
import { lockHolder } from '../control/lock-data-dir.ts'
import { storeWallet } from '../keys/keystore.ts'
import { keystoreFile, readKeystore } from '../keys/keystore-file.ts'
import { refuseDevnetKey } from '../keys/refuse-devnet-key.ts'
import type { KeyPair } from '../keys/types.ts'
import { unlockHost } from '../keys/unlock-host.ts'
import { fail } from '../output/io.ts'
import type { Shell } from './shell.ts'

/** @throws ALREADY_INITIALISED when there is a wallet and `replace` was not said; KEY_MISSING without a keystore. */
export function refuseSecondWallet({ config }: Shell, replace: boolean | undefined): void {
  const { wallet } = readKeystore(keystoreFile(config.dataDir))
  if (!wallet || replace) return
  throw fail(
    'ALREADY_INITIALISED',
    `This host has the wallet ${wallet} already.`,
    'Keep it; or export it (dmc-agent wallet export FILE) and then use --replace. Its orders and tokens stay with its key.',
  )
}

/** Puts the key into the keystore and its address into the configuration. */
export async function keepWallet(shell: Shell, pair: KeyPair): Promise<void> {
  const { io, env, config, caller } = shell
  refuseDevnetKey(pair.address, config.values['chain.chainId'])
  const { password } = await unlockHost(config, env, caller.askPassword)
  await storeWallet(keystoreFile(config.dataDir), password, pair.privateKey)
  writeConfigFile(config.configFile, { ...config.raw, owner: pair.address })
  const holder = lockHolder(config.dataDir)
  if (holder) io.note(`The running agent (pid ${holder.pid}) uses it after a restart.`)
}
