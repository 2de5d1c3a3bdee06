import { bytesToHex, type Hex, hexToBytes } from 'viem'
import { type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'
import { type LoadSecp256k1, secp256k1 } from '../chain/secp256k1.ts'

/**
 * An account whose `sign` is libsecp256k1, as WebAssembly: the same signatures as viem's (RFC 6979, low s) in a quarter of the time,
 * which is much of what a miner's answer to a challenge takes. Where it does not load, viem signs.
 */
export function quickAccount(privateKey: Hex, otherLoad?: LoadSecp256k1): PrivateKeyAccount {
  const account = privateKeyToAccount(privateKey)
  const key = hexToBytes(privateKey)
  return {
    ...account,
    async sign({ hash }) {
      const signed = (await secp256k1(otherLoad))?.signRecoverable(hexToBytes(hash), key)
      if (signed === undefined || signed.recoveryId > 1) return account.sign({ hash })
      return `${bytesToHex(signed.signature)}${signed.recoveryId === 0 ? '1b' : '1c'}`
    },
  }
}
