export const MIB = 1n << 20n

/** Head room for the snapshots to come, as a share of the first one: 1/4. */
const NEXT_SNAPSHOTS = 4n
/** Room that every volume needs: header, footers and padding, catalogs, the newest index segments. */
const FIXED = 8n * MIB
/** A file's entry, its locators and its share of directory blobs (docs/PROTOCOL.md 2, nodes). */
const PER_FILE = 512n
/** Seal (29 bytes), locator and index row of a blob; a blob of content is at least 256 KiB except at the ends. */
const PER_BLOB = 256n
const SMALLEST_BLOB = 256n << 10n

/**
 * The capacity (MiB, whole steps) to order for a source of `bytes` in `files` files, when nothing is known yet about how well it
 * compresses: its bytes as they are, what entries, seals, index and catalog add, and a quarter more for later snapshots
 * (`growth` in percent replaces the quarter).
 */
export function capacityForSource(
  source: { bytes: bigint; files: bigint },
  { step = 1n, growth }: { step?: bigint; growth?: number } = {},
): bigint {
  const blobs = source.bytes / SMALLEST_BLOB + 2n
  const once = source.bytes + source.files * PER_FILE + blobs * PER_BLOB
  const later = growth === undefined ? once / NEXT_SNAPSHOTS : (once * BigInt(Math.ceil(growth))) / 100n
  return wholeSteps((once + later + FIXED + MIB - 1n) / MIB, step)
}

/** The smallest multiple of `step` that is at least `capacity`; both in MiB. */
export function wholeSteps(capacity: bigint, step: bigint): bigint {
  return ((capacity + step - 1n) / step) * step
}
