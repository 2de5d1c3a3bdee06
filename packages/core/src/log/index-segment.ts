import { copyBytes, viewOf } from './bytes.ts'
import type { Locator } from './locator.ts'
import { logCorrupt } from './log-error.ts'

/** Bytes of one row: blob id 32, volume id 16, offset u48, stored length u32, plain length u32. */
export const INDEX_ROW = 62

export interface IndexRow extends Locator {
  /** Bytes of the decompressed body. */
  plain: number
}

export function writeIndexRow(row: IndexRow, out: Uint8Array, at: number): void {
  const view = viewOf(out)
  out.set(row.blobId, at)
  out.set(row.volumeId, at + 32)
  view.setUint16(at + 48, Math.floor(row.offset / 2 ** 32))
  view.setUint32(at + 50, row.offset % 2 ** 32)
  view.setUint32(at + 54, row.stored)
  view.setUint32(at + 58, row.plain)
}

/** Rows of whole 62 bytes; order is the writer's duty and not needed to read. @throws LOG_CORRUPT. */
export function readIndexRows(bytes: Uint8Array): IndexRow[] {
  if (bytes.length % INDEX_ROW !== 0) throw logCorrupt(`An index of ${bytes.length} bytes is not whole rows.`)
  const view = viewOf(bytes)
  const rows: IndexRow[] = []
  for (let at = 0; at < bytes.length; at += INDEX_ROW) {
    rows.push({
      blobId: copyBytes(bytes, at, at + 32),
      volumeId: copyBytes(bytes, at + 32, at + 48),
      offset: view.getUint16(at + 48) * 2 ** 32 + view.getUint32(at + 50),
      stored: view.getUint32(at + 54),
      plain: view.getUint32(at + 58),
    })
  }
  return rows
}

/**
 * How many of the live segments (rows each, oldest first) a new one of `rows` rows absorbs, from the end:
 * while the last one holds at most as many rows as itself. At most log2 n segments stay live.
 */
export function segmentsToAbsorb(live: readonly number[], rows: number): number {
  let total = rows
  let absorbed = 0
  while (absorbed < live.length && (live[live.length - 1 - absorbed] as number) <= total) {
    total += live[live.length - 1 - absorbed] as number
    absorbed++
  }
  return absorbed
}
