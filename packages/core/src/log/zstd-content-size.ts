const MAGIC = 0xfd2fb528

/**
 * How many bytes a zstd frame says that it holds, or null when it does not (RFC 8878, 3.1.1.1). A hint only: nobody has checked it.
 */
export function zstdContentSize(frame: Uint8Array): number | null {
  if (frame.length < 6) return null
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length)
  if (view.getUint32(0, true) !== MAGIC) return null
  const descriptor = view.getUint8(4)
  const singleSegment = (descriptor & 0x20) !== 0
  const dictionaryId = [0, 1, 2, 4][descriptor & 3] ?? 0
  const at = 5 + (singleSegment ? 0 : 1) + dictionaryId
  const kind = descriptor >> 6
  const length = kind === 0 ? (singleSegment ? 1 : 0) : 1 << kind
  if (length === 0 || frame.length < at + length) return null
  if (length === 1) return view.getUint8(at)
  if (length === 2) return view.getUint16(at, true) + 256
  if (length === 4) return view.getUint32(at, true)
  const size = view.getBigUint64(at, true)
  return size > BigInt(Number.MAX_SAFE_INTEGER) ? null : Number(size)
}
