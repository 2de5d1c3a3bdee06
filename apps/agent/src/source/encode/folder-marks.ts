import { constants } from 'node:fs'

const { S_IFDIR, S_IFREG } = constants

/** Of a folder with more entries none are kept, so that memory stays bounded. */
const MOST = 65_536

/**
 * What the system said of each entry of a folder (name, mode, size, times, inode, device, links, blocks, owner), as 64 bits each: enough to see
 * that an entry is as it was. They stay on this host.
 */
export class FolderMarks {
  #marks = new Int32Array(64)
  #count = 0
  #spoilt = false

  /** An entry as the accelerator lays it out, from its first to before its last word of 32 bits. */
  add(words: Int32Array, from: number, to: number): void {
    if (this.#count === MOST) this.#spoilt = true
    if (this.#spoilt) return
    if (2 * this.#count === this.#marks.length) {
      const larger = new Int32Array(this.#marks.length * 2)
      larger.set(this.#marks)
      this.#marks = larger
    }
    this.#marks[2 * this.#count] = mark(words, from, to, SEEDS[0])
    this.#marks[2 * this.#count + 1] = mark(words, from, to, SEEDS[1])
    this.#count++
  }

  /** The folder can't be told by them. */
  spoil(): void {
    this.#spoilt = true
  }

  /** Once all of the folder was added; null when they don't tell it. */
  finish(): Uint8Array | null {
    return this.#spoilt ? null : new Uint8Array(this.#marks.buffer, 0, 8 * this.#count).slice()
  }
}

/** Entries that are as marks which were kept say; counted as a folder is read. */
export class KnownEntries {
  files = 0
  folders = 0
  links = 0
  /** Of the files. */
  bytes = 0
  /** Of all names, and of link targets. */
  nameBytes = 0
  targetBytes = 0
  /** Sum of the inodes' low 32 bits. */
  inodes = 0
  readonly #second = new Map<number, number>()

  constructor(kept: Uint8Array) {
    const marks = new Int32Array(new Uint8Array(kept).buffer)
    // of two that begin alike neither is known: they are entered one by one
    const twice = new Set<number>()
    for (let i = 0; i + 1 < marks.length; i += 2) {
      const first = marks[i] as number
      if (this.#second.has(first)) twice.add(first)
      this.#second.set(first, marks[i + 1] as number)
    }
    for (const first of twice) this.#second.delete(first)
  }

  get entries(): number {
    return this.files + this.folders + this.links
  }

  /** As for `FolderMarks.add`. */
  has(words: Int32Array, from: number, to: number): boolean {
    const second = this.#second.get(mark(words, from, to, SEEDS[0]))
    return second !== undefined && second === mark(words, from, to, SEEDS[1])
  }

  /** @param type as the system writes it in a mode */
  count(type: number, size: number, inode: number, nameLength: number): void {
    this.inodes += inode
    this.nameBytes += nameLength
    if (type === S_IFREG) {
      this.files++
      this.bytes += size
    } else if (type === S_IFDIR) this.folders++
    else {
      this.links++
      this.targetBytes += size
    }
  }
}

/** Of two hashes that have nothing in common: where it begins, and what it multiplies by (odd). */
const SEEDS = [
  { start: 0x3c6ef372, word: 0x2c1b3c6d, state: 0x297a2d39 },
  { start: 0x510e527f, word: 0x1b873593, state: 0x7feb352d },
] as const

/** Each word changes about half of the bits that follow; the last rounds spread what came last. */
function mark(words: Int32Array, from: number, to: number, seed: (typeof SEEDS)[number]): number {
  let state: number = seed.start
  for (let i = from; i < to; i++) {
    let word = Math.imul(words[i] as number, seed.word)
    word = Math.imul((word << 15) | (word >>> 17), seed.state)
    state ^= word
    state = (Math.imul((state << 13) | (state >>> 19), 5) + 0x38b34ae5) | 0
  }
  state ^= state >>> 16
  state = Math.imul(state, seed.state)
  state ^= state >>> 13
  state = Math.imul(state, seed.word)
  return state ^ (state >>> 16)
}
