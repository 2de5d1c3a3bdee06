import { generatePrivateKey } from 'viem/accounts'
import { keyPair } from '../keys/keystore.ts'
import type { Action } from './shell.ts'
import { keepWallet, refuseSecondWallet } from './wallet-keys.ts'

export const walletCreate: Action<[], { replace?: boolean }> = async (shell, options) => {
  const { io } = shell
  refuseSecondWallet(shell, options.replace)
  const pair = keyPair(generatePrivateKey())
  await keepWallet(shell, pair)
  io.document('wallet.create', { address: pair.address })
  io.print(pair.address)
  io.note('Send it tokens for orders or pledges, and a little of the chain’s coin for gas.')
  io.note('It is not part of the 24 words: keep a copy of its key too (dmc-agent wallet export FILE).')
}
