import { resolve } from 'node:path'
import { createFileSafely } from '../config/write-file-safely.ts'
import { unlockHost } from '../keys/unlock-host.ts'
import { fail } from '../output/io.ts'
import type { Action } from './shell.ts'

/** The private key into a new file (0600): never to the terminal. */
export const walletExport: Action<[string]> = async ({ io, env, config, caller }, _options, path) => {
  const { wallet } = await unlockHost(config, env, caller.askPassword)
  if (!wallet) throw fail('KEY_MISSING', 'This host holds no wallet.', 'Make one: dmc-agent wallet create')
  const file = resolve(path)
  if (createFileSafely(file, `${wallet.privateKey}\n`) === 'exists') {
    throw fail('ALREADY_INITIALISED', `${file} is there already.`, 'Name a file that does not exist yet.')
  }
  io.document('wallet.export', { address: wallet.address, file })
  io.print(`The private key of ${wallet.address} is in ${file} (mode 0600). Keep it off this machine.`)
}
