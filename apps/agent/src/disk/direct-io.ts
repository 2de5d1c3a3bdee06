import { closeSync, constants, openSync } from 'node:fs'

/** Offset in the file, place in memory and length are multiples of this where I/O goes around the page cache. */
const PAGE = 4096

/**
 * Large runs of bytes that are read once, or not at all, gain nothing from the page cache: they push out what is used, and
 * in a virtual machine each fresh page of it may cost ten times as much as the copy into it (docs/PERFORMANCE.md).
 *
 * A second descriptor of the same open file that goes around the cache, or null where the platform or the file system has
 * no such thing. Both see the same bytes; `fdatasync` of either makes all of them durable. Close it with `closeDirect`.
 */
export function openDirect(fd: number, access: 'read' | 'read and write'): number | null {
  if (process.platform !== 'linux' || constants.O_DIRECT === undefined) return null
  try {
    const flags = access === 'read' ? constants.O_RDONLY : constants.O_RDWR
    return openSync(`/proc/self/fd/${fd}`, flags | constants.O_DIRECT)
  } catch {
    return null // EINVAL: the file system can't; no /proc: can't be asked for
  }
}

export function closeDirect(direct: number | null): void {
  if (direct !== null) closeSync(direct)
}

/** How many of `length` bytes, from `at` in `memory` to or from `offset` in the file, may go around the cache. */
export function directLength(memory: Uint8Array, at: number, length: number, offset: number): number {
  if (offset % PAGE !== 0 || (memory.byteOffset + at) % PAGE !== 0) return 0
  return length - (length % PAGE)
}

/** The file system takes no direct I/O after all, or not from this memory: the cache takes it. */
export const refusesDirect = (error: unknown): boolean => {
  const { code } = (error ?? {}) as NodeJS.ErrnoException
  return code === 'EINVAL' || code === 'EOPNOTSUPP'
}
