import { BLOB_TYPE, blobAad } from './blob.ts'
import { copyBytes, viewOf } from './bytes.ts'
import { LEAF } from './header-leaf.ts'
import type { LogCrypto } from './log-crypto.ts'
import { logCorrupt, logVersion } from './log-error.ts'

const PLAIN = 988
const FIELDS_END = 69
const NO_ID = new Uint8Array(32)
const NO_VOLUME = new Uint8Array(16)

/** The last leaf under every commitment: where the current catalog lies (docs/PROTOCOL.md 2). */
export interface Footer {
  /** 1 for the first. */
  generation: number
  catalogOffset: number
  catalogStored: number
  /** 32 bytes. */
  catalogId: Uint8Array
  previous: { volumeId: Uint8Array; offset: number } | null
}

/** The footer leaf of the volume at `offset`. */
export function sealFooter(
  crypto: LogCrypto,
  volumeKey: Uint8Array,
  volumeId: Uint8Array,
  offset: number,
  footer: Footer,
): Uint8Array {
  const plain = new Uint8Array(PLAIN)
  const view = viewOf(plain)
  plain[0] = 1
  view.setBigUint64(1, BigInt(footer.catalogOffset))
  view.setUint32(9, footer.catalogStored)
  plain.set(footer.catalogId, 13)
  if (footer.previous) {
    plain.set(footer.previous.volumeId, 45)
    view.setBigUint64(61, BigInt(footer.previous.offset))
  }
  const leaf = new Uint8Array(LEAF)
  viewOf(leaf).setBigUint64(0, BigInt(footer.generation))
  const nonce = crypto.randomBytes(12)
  leaf.set(nonce, 8)
  const { generation } = footer
  const aad = blobAad({ type: BLOB_TYPE.footer, volumeId, blobId: NO_ID, at: { offset, generation } })
  crypto.sealGcm(volumeKey, nonce, aad, plain.subarray(0, 1), plain.subarray(1), leaf, 20)
  return leaf
}

/** @throws LOG_CORRUPT when it does not authenticate at this place, LOG_VERSION. */
export function openFooter(
  crypto: LogCrypto,
  volumeKey: Uint8Array,
  volumeId: Uint8Array,
  offset: number,
  leaf: Uint8Array,
): Footer {
  if (leaf.length !== LEAF) throw logCorrupt(`A footer leaf has 1,024 bytes, not ${leaf.length}.`)
  const generation = safe(viewOf(leaf).getBigUint64(0), 'generation')
  const aad = blobAad({ type: BLOB_TYPE.footer, volumeId, blobId: NO_ID, at: { offset, generation } })
  const plain = crypto.openGcm(volumeKey, leaf.subarray(8, 20), aad, leaf.subarray(20))
  if (!plain) throw logCorrupt(`The footer at byte ${offset} does not authenticate.`)
  if (plain[0] !== 1) throw logVersion(`The footer has version ${plain[0]}; this agent reads version 1.`)
  if (plain.subarray(FIELDS_END).some((byte) => byte !== 0)) {
    throw logCorrupt('Reserved bytes of the footer are not zero.')
  }
  const view = viewOf(plain)
  const previousVolume = copyBytes(plain, 45, 61)
  const previousOffset = safe(view.getBigUint64(61), 'previous footer offset')
  const none = previousVolume.every((byte, i) => byte === NO_VOLUME[i])
  return {
    generation,
    catalogOffset: safe(view.getBigUint64(1), 'catalog offset'),
    catalogStored: view.getUint32(9),
    catalogId: copyBytes(plain, 13, 45),
    previous: none ? null : { volumeId: previousVolume, offset: previousOffset },
  }
}

function safe(value: bigint, what: string): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw logCorrupt(`The footer’s ${what} is ${value}.`)
  return Number(value)
}
