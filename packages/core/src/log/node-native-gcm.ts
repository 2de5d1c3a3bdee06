import { createCipheriv, randomBytes } from 'node:crypto'
import { requireAddon } from '../merkle/node-addon.ts'

/**
 * AES-256-GCM from one buffer straight into another, by the OpenSSL that Node is linked with: three to four times as fast as
 * through node:crypto, which gives each update memory of its own, twice.
 */
export interface NativeGcm {
  /** As `LogCrypto.sealGcm`, filling `out`. @throws RangeError for lengths that do not fit */
  sealGcm(
    key: Uint8Array,
    nonce: Uint8Array,
    aad: Uint8Array,
    head: Uint8Array,
    body: Uint8Array,
    out: Uint8Array,
  ): void
  /** True when `sealed` authenticates; else `out` holds zeros. */
  openGcm(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array, out: Uint8Array): boolean
}

const isGcm = (addon: unknown): addon is NativeGcm => {
  const functions = addon as Partial<Record<keyof NativeGcm, unknown>> | null
  return typeof functions?.sealGcm === 'function' && typeof functions.openGcm === 'function'
}

/** Around a block of the cipher, around what it does at once, and a large blob. */
const SIZES = [0, 1, 15, 16, 17, 255, 4096, 300_001]
/** Bytes before what is written, which must stay as they are; not a whole word. */
const GUARD = 19

/**
 * The accelerator's cipher, tested against node:crypto on random data before it is given out; null where it is absent, where
 * Node offers its OpenSSL to no addon, or where anything differs. Never throws.
 *
 * @param load for tests: what to load instead
 */
export function loadNativeGcm(load = requireAddon): NativeGcm | null {
  try {
    const addon = load()
    return isGcm(addon) && SIZES.every((size) => agrees(addon, size)) ? addon : null
  } catch {
    return null
  }
}

function agrees({ sealGcm, openGcm }: NativeGcm, size: number): boolean {
  const [key, nonce, aad, head] = [32, 12, size % 70, size % 3].map((length) => randomBytes(length)) as [
    Buffer,
    Buffer,
    Buffer,
    Buffer,
  ]
  const body = randomBytes(size)
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 })
  cipher.setAAD(aad)
  const right = Buffer.concat([cipher.update(head), cipher.update(body), cipher.final(), cipher.getAuthTag()])

  const around = randomBytes(right.length + 2 * GUARD)
  const before = Buffer.from(around)
  sealGcm(key, nonce, aad, head, body, around.subarray(GUARD, GUARD + right.length))
  const guards = [around.subarray(0, GUARD), around.subarray(GUARD + right.length)]
  const sealed = around.subarray(GUARD, GUARD + right.length)
  if (!sealed.equals(right) || !guards[0]?.equals(before.subarray(0, GUARD))) return false
  if (!guards[1]?.equals(before.subarray(GUARD + right.length))) return false
  const place = randomBytes(right.length)
  body.copy(place, head.length)
  sealGcm(key, nonce, aad, head, place.subarray(head.length, head.length + size), place)
  if (!place.equals(right)) return false

  const plain = randomBytes(right.length - 16)
  if (!openGcm(key, nonce, aad, sealed, plain)) return false
  if (!plain.equals(Buffer.concat([head, body]))) return false
  // one bit of ciphertext, tag, or what else is authenticated
  for (const part of [sealed, sealed.subarray(sealed.length - 16), aad]) {
    if (part.length === 0) continue
    const at = part.length >> 1
    part[at] = (part[at] as number) ^ 4
    if (openGcm(key, nonce, aad, sealed, plain) || plain.some((byte) => byte !== 0)) return false
    part[at] = (part[at] as number) ^ 4
  }
  return true
}
