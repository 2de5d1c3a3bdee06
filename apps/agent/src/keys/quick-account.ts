import { bytesToHex, type Hex, hexToBytes } from 'viem'
import { type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'

type Secp256k1 = Pick<typeof import('tiny-secp256k1'), 'signRecoverable'>
/** For tests: what to load instead. */
export type LoadSecp256k1 = () => Promise<Secp256k1>

const load: LoadSecp256k1 = () => import('tiny-secp256k1')
let shared: Promise<Secp256k1 | null> | null = null

/**
 * An account whose `sign` is libsecp256k1, as WebAssembly: the same signatures as viem's (RFC 6979, low s) in a quarter of the time,
 * which is much of what a miner's answer to a challenge takes. Where it does not load, viem signs.
 */
export function quickAccount(privateKey: Hex, otherLoad?: LoadSecp256k1): PrivateKeyAccount {
  const account = privateKeyToAccount(privateKey)
  const key = hexToBytes(privateKey)
  const library = () => {
    if (otherLoad) return otherLoad().catch(() => null)
    shared ??= load().catch(() => null)
    return shared
  }
  return {
    ...account,
    async sign({ hash }) {
      const signed = (await library())?.signRecoverable(hexToBytes(hash), key)
      if (signed === undefined || signed.recoveryId > 1) return account.sign({ hash })
      return `${bytesToHex(signed.signature)}${signed.recoveryId === 0 ? '1b' : '1c'}`
    },
  }
}
