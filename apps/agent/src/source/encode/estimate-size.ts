import { closeSync, openSync } from 'node:fs'
import { SEAL_OVERHEAD } from '@dmc/core/log/blob'
import type { LogCrypto } from '@dmc/core/log/log-crypto'
import { joinBytes } from '../path-bytes.ts'
import type { Manifest } from './manifest.ts'
import { readAt } from './read-content.ts'
import type { ScanTotals } from './scan.ts'

const SAMPLES = 48
const SAMPLE = 64 * 1024
/** Samples may mislead, and what repeats is stored once: only what is clearly too much is refused beforehand. */
const SURELY = 0.7

/** Bytes that nodes may take before they are compressed. */
export const nodeBytes = (totals: ScanTotals): number =>
  (totals.files + totals.directories + totals.links + totals.others) * 150 + totals.nameBytes

/**
 * How many of the bytes that must be read are surely not in the log yet. Files that were renamed, or of which a part changed, are
 * mostly stored already: whatever is missing of the last snapshot may be in what must be read.
 * @param prev the last snapshot; null: nothing is known of what the log holds
 */
export function surelyNew(totals: ScanTotals, prev: Manifest | null, logIsEmpty: boolean): number {
  if (logIsEmpty) return totals.todoBytes
  if (prev === null) return 0
  return Math.max(0, totals.todoBytes - Math.max(0, prev.fileBytes() - totals.sameBytes))
}

/**
 * At least how many bytes the log will grow by for `bytes` of what must be read, from samples of the largest files'
 * compressibility. Never too many for data without repetitions; files that can't be read count nothing.
 */
export function estimateSize(
  root: Buffer,
  manifest: Manifest,
  totals: ScanTotals,
  bytes: number,
  crypto: LogCrypto,
): number {
  if (bytes === 0) return 0
  const rows = manifest
    .sql(
      'SELECT dir, name, size FROM entry WHERE todo = 1 AND ref IS NULL ORDER BY min(size, disk) DESC LIMIT ?',
    )
    .all(SAMPLES) as { dir: number; name: Uint8Array; size: number }[]
  const buffer = Buffer.allocUnsafe(SAMPLE)
  let plain = 0
  let packed = 0
  for (const row of rows) {
    const single = root.length > 0 && rows.length === 1 && totals.directories === 0
    const path = single ? root : joinBytes(joinBytes(root, manifest.pathOf(row.dir)), row.name)
    try {
      const fd = openSync(path, 'r')
      try {
        const data = buffer.subarray(
          0,
          readAt(fd, buffer, Math.floor(Math.max(0, row.size - SAMPLE) / 2), path),
        )
        plain += data.length
        packed += Math.min(data.length, crypto.zstdSize(data, 1))
      } finally {
        closeSync(fd)
      }
    } catch {
      // listed when its turn comes
    }
  }
  if (plain === 0) return 0
  return Math.floor(bytes * (packed / plain) * SURELY) + SEAL_OVERHEAD
}
