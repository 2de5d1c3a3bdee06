import { viewOf } from './bytes.ts'
import type { LogCrypto } from './log-crypto.ts'

/** Content is cut between these sizes, in bytes (docs/PROTOCOL.md 2, "Cutting"). */
export const CUT_MIN = 256 * 1024
export const CUT_AVERAGE = 1024 * 1024
export const CUT_MAX = 4 * 1024 * 1024
/** Normalised: harder to cut before the average (22 bits), easier after it (18 bits). */
export const MASK_BEFORE = 0xfffffc00 | 0
export const MASK_AFTER = 0xffffc000 | 0

/** 256 × u32: block i of HMAC-SHA256(chunker key, u8 i), i = 0..31, gives entries 8i .. 8i+7, big-endian. */
export function gearTable(crypto: LogCrypto, chunkerKey: Uint8Array): Int32Array {
  const gear = new Int32Array(256)
  for (let block = 0; block < 32; block++) {
    const view = viewOf(crypto.hmac(chunkerKey, Uint8Array.of(block)))
    for (let i = 0; i < 8; i++) gear[8 * block + i] = view.getInt32(4 * i)
  }
  return gear
}

/**
 * FastCDC: the end (exclusive) of the first chunk of data[start..end). Give it at least CUT_MAX bytes, or all that is
 * left: without a cut it returns start + CUT_MAX, or `end`.
 */
export function findCut(gear: Int32Array, data: Uint8Array, start: number, end: number): number {
  const last = Math.min(end, start + CUT_MAX)
  const average = Math.min(last, start + CUT_AVERAGE)
  let hash = 0
  let at = start + CUT_MIN
  for (; at < average; at++) {
    hash = ((hash << 1) + (gear[data[at] as number] as number)) | 0
    if ((hash & MASK_BEFORE) === 0) return at + 1
  }
  for (; at < last; at++) {
    hash = ((hash << 1) + (gear[data[at] as number] as number)) | 0
    if ((hash & MASK_AFTER) === 0) return at + 1
  }
  return last
}
