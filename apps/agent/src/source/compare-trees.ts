import {
  type BigIntStats,
  closeSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
} from 'node:fs'
import { keptTime } from '@dmc/core/log/node-entry'
import { joinBytes, showPath } from './path-bytes.ts'

export interface TreeDifference {
  path: string
  /** One sentence: what is different. */
  difference: string
}

export interface TreeComparison {
  files: number
  directories: number
  links: number
  bytes: number
  /** The first 100, and how many. */
  differences: TreeDifference[]
  count: number
}

export interface CompareOptions {
  /** Compare owners too; they come back only when root restores. */
  owners?: boolean
  /** Paths (from the root, joined with `/`) that one side need not have: what a partial snapshot did not store. */
  except?: ReadonlySet<string>
  signal?: AbortSignal
}

const MOST = 100
const PIECE = 1024 * 1024

/**
 * Compares two trees, or two files: names as bytes, kinds, content of every byte, modes, mtimes to the microsecond
 * (Node can't set finer ones; beyond what 64 bits of nanoseconds hold they are equal), symlink targets, and which names
 * are hard links to each other. FIFOs, sockets and devices are left out: they are never restored.
 */
export async function compareTrees(
  left: string | Buffer,
  right: string | Buffer,
  options: CompareOptions = {},
): Promise<TreeComparison> {
  const comparer = new Comparer(options)
  await comparer.pair(Buffer.from(left), Buffer.from(right), Buffer.alloc(0))
  return comparer.result
}

class Comparer {
  readonly result: TreeComparison = {
    files: 0,
    directories: 0,
    links: 0,
    bytes: 0,
    differences: [],
    count: 0,
  }
  readonly #options: CompareOptions
  readonly #a = Buffer.allocUnsafe(PIECE)
  readonly #b = Buffer.allocUnsafe(PIECE)
  /** First path of each inode with several names, for each side. */
  readonly #first: [Map<string, string>, Map<string, string>] = [new Map(), new Map()]
  #sinceTurn = performance.now()

  constructor(options: CompareOptions) {
    this.#options = options
  }

  async pair(left: Buffer, right: Buffer, relative: Buffer): Promise<void> {
    const a = lstatSync(left, { bigint: true, throwIfNoEntry: false })
    const b = lstatSync(right, { bigint: true, throwIfNoEntry: false })
    if (!a || !b) {
      if (a || b) this.#differ(relative, `only on the ${a ? 'left' : 'right'}`)
      return
    }
    if (kindOf(a) !== kindOf(b)) {
      this.#differ(relative, `${kindOf(a)} on the left, ${kindOf(b)} on the right`)
      return
    }
    this.#metadata(a, b, relative)
    if (a.isDirectory()) {
      this.result.directories++
      await this.#folders(left, right, relative)
    } else if (a.isSymbolicLink()) {
      this.result.links++
      if (!readlinkSync(left, 'buffer').equals(readlinkSync(right, 'buffer'))) {
        this.#differ(relative, 'symlinks to different targets')
      }
    } else if (a.isFile()) await this.#files(left, right, a, b, relative)
  }

  async #folders(left: Buffer, right: Buffer, relative: Buffer): Promise<void> {
    const names = (path: Buffer) =>
      new Map(readdirSync(path, 'buffer').map((name) => [name.toString('latin1'), name]))
    const a = names(left)
    const b = names(right)
    for (const [key, name] of [...a, ...[...b].filter(([key]) => !a.has(key))]) {
      const at = joinBytes(relative, name)
      if (this.#options.except?.has(showPath(at))) continue
      if (a.has(key) && b.has(key)) await this.pair(joinBytes(left, name), joinBytes(right, name), at)
      else {
        const there = lstatSync(joinBytes(a.has(key) ? left : right, name), { bigint: true })
        if (kindOf(there) !== 'other') this.#differ(at, `only on the ${a.has(key) ? 'left' : 'right'}`)
      }
    }
  }

  #metadata(a: BigIntStats, b: BigIntStats, relative: Buffer): void {
    const octal = (mode: bigint) => `0${(mode & 0o7777n).toString(8)}`
    if (!a.isSymbolicLink() && octal(a.mode) !== octal(b.mode)) {
      this.#differ(relative, `mode ${octal(a.mode)} and ${octal(b.mode)}`)
    }
    // not by cutting both to microseconds: two times 86 ns apart may lie on either side of such a cut
    if (magnitude(keptTime(a.mtimeNs) - keptTime(b.mtimeNs)) >= 1000n) {
      this.#differ(relative, `mtime ${a.mtimeNs} and ${b.mtimeNs} ns`)
    }
    if (this.#options.owners && (a.uid !== b.uid || a.gid !== b.gid)) {
      this.#differ(relative, `owner ${a.uid}:${a.gid} and ${b.uid}:${b.gid}`)
    }
  }

  async #files(left: Buffer, right: Buffer, a: BigIntStats, b: BigIntStats, relative: Buffer): Promise<void> {
    this.result.files++
    this.result.bytes += Number(a.size)
    if (a.nlink > 1n || b.nlink > 1n) this.#hardLinks(a, b, relative)
    if (a.size !== b.size) {
      this.#differ(relative, `${a.size} and ${b.size} bytes`)
      return
    }
    const [one, two] = [openSync(left, 'r'), openSync(right, 'r')]
    try {
      for (let at = 0; at < Number(a.size); at += PIECE) {
        const length = readSync(one, this.#a, 0, PIECE, at)
        const other = readSync(two, this.#b, 0, PIECE, at)
        if (length !== other || !this.#a.subarray(0, length).equals(this.#b.subarray(0, length))) {
          this.#differ(relative, `content differs between byte ${at} and ${at + PIECE}`)
          return
        }
        await this.#turn()
      }
    } finally {
      closeSync(one)
      closeSync(two)
    }
    await this.#turn()
  }

  /** Names of one inode on the left are names of one inode on the right. */
  #hardLinks(a: BigIntStats, b: BigIntStats, relative: Buffer): void {
    const path = showPath(relative)
    const first = ([a, b] as const).map((stat, side) => {
      const key = `${stat.dev}:${stat.ino}`
      const map = this.#first[side as 0 | 1]
      const known = map.get(key)
      if (known === undefined && stat.nlink > 1n) map.set(key, path)
      return known ?? path
    })
    if (first[0] !== first[1]) this.#differ(relative, `hard link to ${first[0]} and to ${first[1]}`)
  }

  #differ(relative: Buffer, difference: string): void {
    this.result.count++
    if (this.result.differences.length < MOST) {
      this.result.differences.push({ path: showPath(relative) || '.', difference })
    }
  }

  /** Lets other work run now and then. */
  async #turn(): Promise<void> {
    if (performance.now() - this.#sinceTurn < 50) return
    await new Promise((resolve) => setImmediate(resolve))
    this.#options.signal?.throwIfAborted()
    this.#sinceTurn = performance.now()
  }
}

function kindOf(stat: BigIntStats): 'file' | 'directory' | 'symlink' | 'other' {
  if (stat.isFile()) return 'file'
  if (stat.isDirectory()) return 'directory'
  return stat.isSymbolicLink() ? 'symlink' : 'other'
}

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value)
