import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { CREDENTIAL_NAME } from '../../keys/find-password.ts'
import { keyringWorks, readKeyring } from '../../keys/keyring.ts'
import { keystoreFile, readKeystore } from '../../keys/keystore-file.ts'
import { readSecretFile } from '../../keys/read-secret-file.ts'
import { type Check, notChecked, ok, warning } from '../check.ts'

/** Would the service start after a power cut, with nobody there? */
export const unlocking: Check = {
  name: 'unlocking',
  title: 'Start without a person',
  async run({ dataDir, env }) {
    if (!existsSync(keystoreFile(dataDir))) return notChecked('There is no keystore yet.')
    const { hostId } = readKeystore(keystoreFile(dataDir))
    const credential = env.credentialsDirectory && join(env.credentialsDirectory, CREDENTIAL_NAME)
    if (credential && existsSync(credential)) return ok(`by the systemd credential ${CREDENTIAL_NAME}`)
    if (env.passwordFile) {
      readSecretFile(env.passwordFile)
      return ok(`by DMC_PASSWORD_FILE (${env.passwordFile})`)
    }
    if (await readKeyring(hostId)) return ok('by the keyring of this system')
    const keyring = (await keyringWorks()) ? 'the keyring has no password for this host' : 'no keyring here'
    return warning(
      `Not here: no systemd credential, no DMC_PASSWORD_FILE, ${keyring}. A service that has one of them is not affected.`,
      'Install it as a service: dmc-agent install --password-file FILE; or keep the password in the keyring: dmc-agent password --keyring',
    )
  },
}
