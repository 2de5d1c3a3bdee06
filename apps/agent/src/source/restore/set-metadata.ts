import { fchmodSync, fchownSync, futimesSync, lchownSync, lutimesSync } from 'node:fs'
import type { NodeEntry } from '@dmc/core/log/node-entry'

const SETUID = 0o4000
const SETGID = 0o2000

/**
 * A time as Node takes it: seconds in a double, of which libuv makes nanoseconds by truncation. Doubles of our century
 * are 238 ns apart, so nanoseconds can't be set exactly; of the neighbours, this takes the nearest one that lies in
 * the same microsecond, so that times come back equal to the microsecond (until 2242, when steps exceed one).
 */
export function toUtime(ns: bigint): number | string {
  const micro = floorMicro(ns)
  const nearest = Number(ns) / 1e9
  // half a step: below a power of two they are that close
  const step = 2 ** (Math.floor(Math.log2(Math.abs(nearest) || 1)) - 53)
  let best = nearest
  let bestError = Number.POSITIVE_INFINITY
  for (const candidate of [0, 1, -1, 2, -2, 3, -3, 4, -4].map((k) => nearest + k * step)) {
    const made = asTimespec(candidate)
    const error = Math.abs(Number(made - ns))
    if (floorMicro(made) === micro && error < bestError) {
      best = candidate
      bestError = error
    }
  }
  // Node takes a negative number for "now", a text not
  return best < 0 ? String(best) : best
}

/** What libuv makes of seconds in a double. */
function asTimespec(seconds: number): bigint {
  const whole = Math.trunc(seconds)
  return BigInt(whole) * 1_000_000_000n + BigInt(Math.trunc((seconds - whole) * 1e9))
}

/** Whole microseconds, rounded down also before 1970. */
export const floorMicro = (ns: bigint): bigint => (ns - (((ns % 1000n) + 1000n) % 1000n)) / 1000n

const uid = process.getuid?.() ?? -1
const groups = new Set([process.getgid?.() ?? -1, ...(process.getgroups?.() ?? [])])

/**
 * The mode to set: as it was, but setuid and setgid only where they mean the same as before: as root, once the owner is set too,
 * or when the file was our own.
 */
export function modeToSet(entry: NodeEntry, owned = true): number {
  if (uid === 0 && owned) return entry.mode
  let mode = entry.mode
  if (uid === 0 || entry.uid !== uid) mode &= ~SETUID
  if (uid === 0 || entry.uid !== uid || !groups.has(entry.gid)) mode &= ~SETGID
  return mode
}

/** What a file system without owners or modes (FAT, some shares) and a container that may not give files away say. */
const UNABLE: readonly unknown[] = ['EPERM', 'EINVAL', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP']

/** True when it is set; else `unset` says what is not, and why. */
function attempt(what: string, unset: string[], set: () => void): boolean {
  try {
    set()
    return true
  } catch (error) {
    const { code } = (error ?? {}) as NodeJS.ErrnoException
    if (!UNABLE.includes(code)) throw error
    unset.push(`${what} (${code})`)
    return false
  }
}

const inWords = (unset: readonly string[]): string | null =>
  unset.length === 0 ? null : `not set here: ${unset.join(', ')}`

/**
 * Owner (as root), mode and times of an open file or folder.
 * @returns in words what could not be set here: no reason to be without the content; null: nothing
 */
export function setMetadata(fd: number, entry: NodeEntry): string | null {
  const unset: string[] = []
  // before the mode: it clears setuid
  const owned = uid !== 0 || attempt('owner', unset, () => fchownSync(fd, entry.uid, entry.gid))
  attempt('mode', unset, () => fchmodSync(fd, modeToSet(entry, owned)))
  const time = toUtime(entry.mtimeNs)
  attempt('time', unset, () => futimesSync(fd, time, time))
  return inWords(unset)
}

/** Owner (as root) and times of a symlink itself; what could not be set as above. */
export function setLinkMetadata(path: Buffer, entry: NodeEntry): string | null {
  const unset: string[] = []
  if (uid === 0) attempt('owner', unset, () => lchownSync(path, entry.uid, entry.gid))
  const time = toUtime(entry.mtimeNs)
  attempt('time', unset, () => lutimesSync(path, time, time))
  return inWords(unset)
}
