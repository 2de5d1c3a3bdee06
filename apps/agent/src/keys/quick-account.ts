import { instantiateSecp256k1, type Secp256k1 } from '@bitauth/libauth'
import { bytesToHex, type Hex, hexToBytes } from 'viem'
import { type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'

/** For tests: what to load instead. */
export type LoadSecp256k1 = () => Promise<Secp256k1>

let shared: Promise<Secp256k1 | null> | null = null

/**
 * An account whose `sign` is libsecp256k1, as WebAssembly: the same signatures as viem's (RFC 6979, low s) in about a third of the time,
 * which is most of what a miner's answer to a challenge takes. Where it does not load, viem signs.
 */
export function quickAccount(privateKey: Hex, load?: LoadSecp256k1): PrivateKeyAccount {
  const account = privateKeyToAccount(privateKey)
  const key = hexToBytes(privateKey)
  const library = () => {
    if (load) return load().catch(() => null)
    shared ??= instantiateSecp256k1().catch(() => null)
    return shared
  }
  return {
    ...account,
    async sign({ hash }) {
      const signed = (await library())?.signMessageHashRecoverableCompact(key, hexToBytes(hash))
      if (signed === undefined || typeof signed === 'string' || signed.recoveryId > 1) {
        return account.sign({ hash })
      }
      return `${bytesToHex(signed.signature)}${signed.recoveryId === 0 ? '1b' : '1c'}`
    },
  }
}
