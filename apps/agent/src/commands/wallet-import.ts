import { resolve } from 'node:path'
import { keyPair } from '../keys/keystore.ts'
import { parsePrivateKey } from '../keys/parse-private-key.ts'
import { readSecretFile } from '../keys/read-secret-file.ts'
import { fail } from '../output/io.ts'
import { askPassword } from '../output/prompt.ts'
import { readStdin } from '../output/read-stdin.ts'
import type { Action, Shell } from './shell.ts'
import { keepWallet, refuseSecondWallet } from './wallet-keys.ts'

export const walletImport: Action<[string | undefined], { replace?: boolean }> = async (
  shell,
  options,
  file,
) => {
  refuseSecondWallet(shell, options.replace)
  const pair = keyPair(parsePrivateKey(await readKey(shell, file)))
  await keepWallet(shell, pair)
  shell.io.document('wallet.import', { address: pair.address })
  shell.io.print(pair.address)
}

async function readKey({ io }: Shell, file: string | undefined): Promise<string> {
  if (file === '-') return readStdin()
  if (file && /^(0x)?[0-9a-fA-F]{64}$/.test(file)) {
    throw fail(
      'USAGE',
      'A private key was given as an argument: other users of this machine can see it.',
      'Put it into a file with mode 0600, or give it on standard input (wallet import -). Consider this key known.',
    )
  }
  if (file) return readSecretFile(resolve(file))
  if (io.interactive) return askPassword('Private key (64 hex digits)')
  throw fail('USAGE', 'Where is the private key?', 'Name a file with mode 0600, or - for standard input.')
}
