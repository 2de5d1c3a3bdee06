import {
  type BigIntStats,
  closeSync,
  constants,
  lstatSync,
  opendirSync,
  openSync,
  readdirSync,
} from 'node:fs'
import { getSystemErrorName } from 'node:util'
import { MAX_NAME } from '@dmc/core/log/safe-name'
import { forcedHasherTier } from '@dmc/core/merkle/hasher-tier'
import { requireAddon } from '@dmc/core/merkle/node-addon'
import { joinBytes } from '../path-bytes.ts'
import type { FolderMarks, KnownEntries } from './folder-marks.ts'

/** What lstat says of an entry, as far as a snapshot needs it. */
export type EntryStat = Pick<
  BigIntStats,
  'mode' | 'size' | 'mtimeNs' | 'ctimeNs' | 'ino' | 'dev' | 'nlink' | 'blocks' | 'uid' | 'gid'
>

/** `found`: in words why its stat can't be read. */
export interface FolderEntry {
  name: Buffer
  found: EntryStat | string
}

/** The accelerator's: the next entries of an open folder (packages/native/src/read-folder.h says how they are laid out). */
export type ReadFolder = (fd: number, out: BigInt64Array) => number

/** A folder that is no larger by its own size, which grows with its names, is read at once: twice as fast. */
const MOST_AT_ONCE = 64n * 1024n
const ROOM = 64 * 1024
const HEAD_WORDS = 11
const [MODE, SIZE, INO, NLINK] = [1, 2, 5, 7]
const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } = constants

export interface ReadFolderOptions {
  /** Names that are passed over. */
  leavesOut?: ((name: Buffer, isFolder: boolean) => boolean) | null
  /** Told of each file of one name, folder and symlink that is read; spoilt where the accelerator does not read. */
  marks?: FolderMarks | null
  /** What is among them is counted there, and not given. */
  known?: KnownEntries | null
}

/**
 * Reads folders, one after the other: each name with its stat, in the system's order, in batches, so that memory stays bounded for
 * any number of names. Nothing is followed; names that vanish meanwhile are not there.
 */
export class FolderReader {
  /** Whether it can tell what is known. */
  readonly tellsKnown: boolean
  readonly #native: ReadFolder | null
  readonly #words = new BigInt64Array(ROOM / 8)
  readonly #heads = new Int32Array(this.#words.buffer)
  readonly #bytes = Buffer.from(this.#words.buffer)

  /** @param native null: without the accelerator */
  constructor(native: ReadFolder | null = loadReadFolder()) {
    this.#native = native
    this.tellsKnown = native !== null
  }

  /** One folder at a time. @throws what the system says of the folder itself; ESTALE when it was replaced meanwhile */
  entries(path: Buffer, options: ReadFolderOptions = {}): Generator<FolderEntry> {
    const fd = this.#native === null ? null : openFolder(path)
    // what can't be opened is told by the other way, in its words
    if (this.#native !== null && fd !== null) return this.#nativeEntries(this.#native, path, fd, options)
    options.marks?.spoil()
    return portableEntries(path, options)
  }

  *#nativeEntries(
    read: ReadFolder,
    path: Buffer,
    fd: number,
    { leavesOut, marks, known }: ReadFolderOptions,
  ): Generator<FolderEntry> {
    try {
      for (;;) {
        const words = read(fd, this.#words)
        if (words < 0) throw systemError(words, 'getdents64')
        if (words === 0) return
        for (let at = 0, next = 0; at < words; at = next) {
          const head = this.#low(at, 0)
          const error = this.#heads[2 * at + 1] as number
          next = at + (head & 0xffff)
          if (error !== 0) {
            const name = this.#nameAt(at)
            const found = lstatOrReason(joinBytes(path, name))
            if (found !== null && !leavesOut?.(name, isFolder(found))) yield { name, found }
            continue
          }
          const type = this.#low(at, MODE) & S_IFMT
          if (leavesOut?.(this.#nameAt(at), type === S_IFDIR)) continue
          const plain = type === S_IFREG ? this.#low(at, NLINK) === 1 : type === S_IFDIR || type === S_IFLNK
          if (plain && head >>> 16 <= MAX_NAME) {
            marks?.add(this.#heads, 2 * at, 2 * next)
            if (known?.has(this.#heads, 2 * at, 2 * next)) {
              known.count(type, this.#sizeAt(at), this.#low(at, INO), head >>> 16)
              continue
            }
          }
          yield { name: this.#nameAt(at), found: this.#statAt(at) }
        }
      }
    } finally {
      closeSync(fd)
    }
  }

  /** The low 32 bits of a word. */
  #low(at: number, word: number): number {
    return (this.#heads[2 * (at + word)] as number) >>> 0
  }

  #sizeAt(at: number): number {
    return this.#low(at, SIZE) + (this.#heads[2 * (at + SIZE) + 1] as number) * 2 ** 32
  }

  #nameAt(at: number): Buffer {
    const from = (at + HEAD_WORDS) * 8
    return Buffer.from(this.#bytes.subarray(from, from + (this.#low(at, 0) >>> 16)))
  }

  #statAt(at: number): EntryStat {
    const word = (i: number) => this.#words[at + i] as bigint
    return {
      mode: word(1),
      size: word(2),
      mtimeNs: word(3),
      ctimeNs: word(4),
      ino: BigInt.asUintN(64, word(5)),
      dev: BigInt.asUintN(64, word(6)),
      nlink: word(7),
      blocks: word(8),
      uid: word(9),
      gid: word(10),
    }
  }
}

/** null where there is none, or nothing native is wanted. */
export function loadReadFolder(): ReadFolder | null {
  if (forcedHasherTier() === 'portable') return null
  try {
    return (requireAddon() as { readFolder?: ReadFolder }).readFolder ?? null
  } catch {
    return null
  }
}

function openFolder(path: Buffer): number | null {
  try {
    return openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
  } catch {
    return null
  }
}

function* portableEntries(path: Buffer, { leavesOut }: ReadFolderOptions): Generator<FolderEntry> {
  for (const name of namesIn(path)) {
    const found = lstatOrReason(joinBytes(path, name))
    if (found !== null && !leavesOut?.(name, isFolder(found))) yield { name, found }
  }
}

/** False of what is not known. */
export const isFolder = (found: EntryStat | string): boolean =>
  typeof found !== 'string' && (Number(found.mode) & S_IFMT) === S_IFDIR

/** The names of a folder as bytes. A folder swapped for a symlink is not followed. */
function* namesIn(path: Buffer): Generator<Buffer> {
  const before = lstatSync(path, { bigint: true })
  const mustBeTheSame = () => {
    const after = lstatSync(path, { bigint: true })
    if (before.isDirectory() && before.ino === after.ino && after.isDirectory()) return
    throw Object.assign(new Error('it was replaced while it was read'), { code: 'ESTALE' })
  }
  if (before.size > 0n && before.size <= MOST_AT_ONCE) {
    const names = readdirSync(path, { encoding: 'buffer' })
    mustBeTheSame()
    yield* names
    return
  }
  // the types know no buffer encoding here; at run time names then are Buffers
  const dir = opendirSync(path, { encoding: 'buffer' as BufferEncoding, bufferSize: 256 })
  try {
    mustBeTheSame()
    for (let entry = dir.readSync(); entry; entry = dir.readSync()) yield entry.name as unknown as Buffer
  } finally {
    dir.closeSync()
  }
}

/** A stat, the reason why there is none, or null when the name is gone. */
function lstatOrReason(path: Buffer): EntryStat | string | null {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false }) ?? null
  } catch (error) {
    const reason = reasonOf(error)
    if (reason === null) throw error
    return reason
  }
}

/** `EACCES: permission denied` of a system error; null when it is not one. */
export function reasonOf(error: unknown): string | null {
  const { code, syscall, message } = (error ?? {}) as NodeJS.ErrnoException
  if (typeof code !== 'string' || !/^E[A-Z0-9]+$/.test(code)) return null
  const text = /^[A-Z0-9]+: ([^,]*)/.exec(message ?? '')?.[1] ?? message
  return syscall === undefined ? `${code}: ${text}` : `${code}: ${text} (${syscall})`
}

function systemError(errno: number, syscall: string): NodeJS.ErrnoException {
  const code = getSystemErrorName(errno)
  return Object.assign(new Error(`${code}: the folder can’t be read on`), { code, syscall })
}
