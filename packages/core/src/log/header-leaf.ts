import type { Address } from 'viem'
import { DmcError } from '../errors/dmc-error.ts'
import { copyBytes, equalBytes, fromHex, viewOf } from './bytes.ts'
import { deriveLogKeys, deriveSourceKey } from './derive-keys.ts'
import { toAddress } from './key-address.ts'
import type { LogCrypto } from './log-crypto.ts'
import { logCorrupt, logVersion } from './log-error.ts'

export const LEAF = 1024
export const LOG_FORMAT_VERSION = 1
const MAGIC = new TextEncoder().encode('DMCVOL1\n')
const MAC_AT = 992
const FIELDS_END = 104

/** Leaf 0 of a volume, in plaintext (docs/PROTOCOL.md 2). */
export interface VolumeHeader {
  /** 16 random bytes. */
  volumeId: Uint8Array
  keyEpoch: number
  /** 32 bytes. */
  salt: Uint8Array
  /** Bytes: the order's capacity. */
  maxSize: number
  readerAddress: Address
  /** 0 for the source's first volume. */
  number: number
  compatibleFlags: number
}

export function encodeHeader(crypto: LogCrypto, headerKey: Uint8Array, header: VolumeHeader): Uint8Array {
  const leaf = new Uint8Array(LEAF)
  const view = viewOf(leaf)
  leaf.set(MAGIC, 0)
  view.setUint16(8, LOG_FORMAT_VERSION)
  view.setUint32(16, header.compatibleFlags)
  leaf.set(header.volumeId, 20)
  view.setUint32(36, header.keyEpoch)
  leaf.set(header.salt, 40)
  view.setBigUint64(72, BigInt(header.maxSize))
  leaf.set(fromHex(header.readerAddress.slice(2)), 80)
  view.setUint32(100, header.number)
  leaf.set(crypto.hmac(headerKey, leaf.subarray(0, MAC_AT)), MAC_AT)
  return leaf
}

/**
 * The fields of a header leaf, not yet authenticated: enough to know the reader address and the source's salt.
 * @throws LOG_CORRUPT when it is no header leaf, LOG_VERSION when a newer agent wrote it.
 */
export function decodeHeader(leaf: Uint8Array): VolumeHeader {
  if (leaf.length !== LEAF) throw logCorrupt(`A header leaf has 1,024 bytes, not ${leaf.length}.`)
  if (!equalBytes(leaf.subarray(0, 7), MAGIC.subarray(0, 7)) || leaf[7] !== MAGIC[7]) {
    throw logCorrupt('Leaf 0 is not the header of a DMC volume.')
  }
  const view = viewOf(leaf)
  const version = view.getUint16(8)
  if (version !== LOG_FORMAT_VERSION) {
    throw logVersion(
      `The volume has format version ${version}; this agent reads version ${LOG_FORMAT_VERSION}.`,
    )
  }
  const flags = view.getUint32(12)
  if (flags !== 0) {
    throw logVersion(
      `The volume needs features that this agent does not know (flags 0x${flags.toString(16)}).`,
    )
  }
  const maxSize = view.getBigUint64(72)
  if (view.getUint16(10) !== 0 || leaf.subarray(FIELDS_END, MAC_AT).some((byte) => byte !== 0)) {
    throw logCorrupt('Reserved bytes of the volume header are not zero.')
  }
  if (maxSize > BigInt(Number.MAX_SAFE_INTEGER) || maxSize % BigInt(LEAF) !== 0n || maxSize === 0n) {
    throw logCorrupt(`The volume header says a maximum size of ${maxSize} bytes.`)
  }
  return {
    volumeId: copyBytes(leaf, 20, 36),
    keyEpoch: view.getUint32(36),
    salt: copyBytes(leaf, 40, 72),
    maxSize: Number(maxSize),
    readerAddress: toAddress(leaf.subarray(80, 100)),
    number: view.getUint32(100),
    compatibleFlags: view.getUint32(16),
  }
}

/**
 * Decodes and authenticates. The leaf comes proven against the commitment on chain, so damage is excluded, and an
 * HMAC that differs means that another phrase made this volume.
 * @throws PHRASE_WRONG, LOG_CORRUPT, LOG_VERSION.
 */
export function authenticateHeader(crypto: LogCrypto, headerKey: Uint8Array, leaf: Uint8Array): VolumeHeader {
  const header = decodeHeader(leaf)
  if (!crypto.equal(crypto.hmac(headerKey, leaf.subarray(0, MAC_AT)), leaf.subarray(MAC_AT))) {
    throw new DmcError('PHRASE_WRONG', 'The recovery phrase does not belong to this volume.', {
      hint: 'Use the phrase that was shown when the source was first backed up; check the wallet address too.',
    })
  }
  return header
}

/** Source keys of a volume, from the phrase's master key and its header leaf alone. @throws as authenticateHeader. */
export function unlockHeader(
  crypto: LogCrypto,
  master: Uint8Array,
  leaf: Uint8Array,
): { header: VolumeHeader; sourceKey: Uint8Array } {
  const { salt } = decodeHeader(leaf)
  const sourceKey = deriveSourceKey(crypto, master, salt)
  const { headerKey } = deriveLogKeys(crypto, salt, sourceKey)
  return { header: authenticateHeader(crypto, headerKey, leaf), sourceKey }
}
