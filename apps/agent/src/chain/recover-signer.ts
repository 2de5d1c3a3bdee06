import { type Address, bytesToHex, type Hex, hexToBytes, keccak256, recoverAddress } from 'viem'
import { type LoadSecp256k1, secp256k1 } from './secp256k1.ts'

/** r ‖ s ‖ v as everybody writes it; every other form is viem's to judge. */
const PLAIN = /^0x([0-9a-f]{128})(00|01|1b|1c)$/i
const HASH = /^0x[0-9a-f]{64}$/i

/**
 * Who signed `hash`, in lower case; null when nobody can have. As viem's `recoverAddress` judges it, high s and all, in a tenth of its
 * time: libsecp256k1 answers where it can, and viem has the last word on whatever that one refuses.
 */
export async function recoverSigner(
  hash: Hex,
  signature: Hex,
  otherLoad?: LoadSecp256k1,
): Promise<Address | null> {
  const [, compact = '', v = ''] = PLAIN.exec(signature) ?? []
  if (compact !== '' && HASH.test(hash)) {
    const library = await secp256k1(otherLoad)
    try {
      const id = v === '00' || v.toLowerCase() === '1b' ? 0 : 1
      const point = library?.recover(hexToBytes(hash), hexToBytes(`0x${compact}`), id, false)
      if (point) return bytesToHex(keccak256(point.subarray(1), 'bytes').subarray(12))
    } catch {
      // r or s that is no number of the curve: asked again below
    }
  }
  try {
    return (await recoverAddress({ hash, signature })).toLowerCase() as Address
  } catch {
    return null
  }
}
