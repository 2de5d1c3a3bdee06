import { secp256k1 } from '@noble/curves/secp256k1.js'
import type { Address, Hex } from 'viem'
import { concatBytes, toHex, viewOf } from './bytes.ts'
import { addressOfKey } from './key-address.ts'
import type { LogCrypto } from './log-crypto.ts'

/** docs/PROTOCOL.md 1: all keys of one source but the volumes'. Every key is 32 bytes. */
export interface LogKeys {
  salt: Uint8Array
  sourceKey: Uint8Array
  headerKey: Uint8Array
  blobIdKey: Uint8Array
  chunkerKey: Uint8Array
  probeKey: Uint8Array
}

const NO_SALT = new Uint8Array(0)

/** HKDF(master, source salt, `dmc/1/source`). */
export function deriveSourceKey(crypto: LogCrypto, master: Uint8Array, salt: Uint8Array): Uint8Array {
  if (master.length !== 32 || salt.length !== 32) throw new RangeError('master and salt are 32 bytes each')
  return crypto.hkdf(master, salt, 'dmc/1/source')
}

export function deriveLogKeys(crypto: LogCrypto, salt: Uint8Array, sourceKey: Uint8Array): LogKeys {
  const derive = (label: string) => crypto.hkdf(sourceKey, NO_SALT, label)
  return {
    salt,
    sourceKey,
    headerKey: derive('dmc/1/header'),
    blobIdKey: derive('dmc/1/blob-id'),
    chunkerKey: derive('dmc/1/chunker'),
    probeKey: derive('dmc/1/probe'),
  }
}

/** AES-256-GCM key of one volume: HKDF(source key, volume id ‖ epoch u32, `dmc/1/volume`). */
export function deriveVolumeKey(
  crypto: LogCrypto,
  sourceKey: Uint8Array,
  volumeId: Uint8Array,
  keyEpoch: number,
): Uint8Array {
  const salt = concatBytes(volumeId, new Uint8Array(4))
  viewOf(salt).setUint32(volumeId.length, keyEpoch)
  return crypto.hkdf(sourceKey, salt, 'dmc/1/volume')
}

/** Private key that signs reads: HKDF(source key, counter u8, `dmc/1/reader`); the first that is a valid scalar. */
export function deriveReaderKey(crypto: LogCrypto, sourceKey: Uint8Array): Hex {
  return `0x${toHex(readerKey(crypto, sourceKey))}`
}

/** The address in every volume's header that may read (docs/PROTOCOL.md 4). */
export function deriveReaderAddress(crypto: LogCrypto, sourceKey: Uint8Array): Address {
  return addressOfKey(readerKey(crypto, sourceKey))
}

function readerKey(crypto: LogCrypto, sourceKey: Uint8Array): Uint8Array {
  for (let counter = 0; counter < 256; counter++) {
    const key = crypto.hkdf(sourceKey, Uint8Array.of(counter), 'dmc/1/reader')
    if (secp256k1.utils.isValidSecretKey(key)) return key
  }
  throw new RangeError('256 candidates in a row are no scalars') // each fails with odds of 2^-128
}
