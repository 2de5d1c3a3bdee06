import { closeSync, lstatSync, openSync, readdirSync, unlinkSync } from 'node:fs'
import { joinBytes } from '../path-bytes.ts'
import { temporaryIn } from './restore-file.ts'

/**
 * Whether the file system takes `README` and `Readme`, or an é of one and of two characters, for two names in this folder. macOS, FAT,
 * exFAT, NTFS and many shares do not. True also when that can't be found out: nothing can be written there, either.
 */
export function tellsNamesApart(folder: Buffer): boolean {
  // some have no é
  for (const end of ['-é', '-e']) {
    const name = Buffer.concat([temporaryIn(folder), Buffer.from(end)])
    try {
      closeSync(openSync(name, 'wx', 0o600))
    } catch {
      continue
    }
    try {
      const base = name.subarray(name.lastIndexOf('/') + 1).toString()
      const others = [base.toUpperCase(), base.normalize('NFD'), base.toUpperCase().normalize('NFD')]
      return others
        .filter((other) => other !== base)
        .every((other) => !isThere(joinBytes(folder, Buffer.from(other))))
    } finally {
      unlinkSync(name)
    }
  }
  return true
}

/** The names of one folder, in order, where the file system may take two of them for one. */
export class FolderNames {
  readonly #folder: Buffer
  readonly #first = new Map<string, Buffer>()

  constructor(folder: Buffer) {
    this.#folder = folder
  }

  /** True when it may be taken for an earlier one: then ask `clash` once that one is written. */
  add(name: Uint8Array): boolean {
    const key = alike(name)
    if (this.#first.has(key)) return true
    this.#first.set(key, Buffer.from(name))
    return false
  }

  /**
   * The earlier name that stands there when one looks for this one; null when there is none. Their inodes say nothing: a file system in
   * user space may give each name its own. What is listed does.
   */
  clash(name: Uint8Array): Buffer | null {
    const first = this.#first.get(alike(name))
    if (!first || first.equals(name)) return null
    if (!isThere(joinBytes(this.#folder, Buffer.from(name)))) return null
    return readdirSync(this.#folder, 'buffer').some((listed) => listed.equals(name)) ? null : first
  }
}

/** Names that some file system takes for one have the same; others may, too. */
const alike = (name: Uint8Array): string =>
  Buffer.from(name)
    .toString()
    .normalize('NFKD')
    .toUpperCase()
    .toLowerCase()
    .replace(/[. ]+$/, '')

function isThere(path: Buffer): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined
  } catch {
    return false // it has no such names
  }
}
