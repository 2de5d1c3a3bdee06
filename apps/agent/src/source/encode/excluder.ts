import makeIgnore, { type Ignore } from 'ignore'

/** The library remembers every path that it was asked about: it is made anew before that grows. */
const MOST_REMEMBERED = 20_000

/**
 * Which names of a source its excludes leave out, with the meaning of a .gitignore file at the source's top. Letters' case
 * counts. Names are bytes: what of them is not UTF-8 is compared as U+FFFD. What lies in an excluded folder is not asked about.
 */
export class Excluder {
  readonly #patterns: readonly string[]
  readonly #top: number
  #ignore: Ignore
  #asked = 0

  /** null when nothing is excluded. */
  static of(root: Buffer, patterns: readonly string[]): Excluder | null {
    return patterns.length === 0 ? null : new Excluder(root, patterns)
  }

  private constructor(root: Buffer, patterns: readonly string[]) {
    this.#patterns = patterns
    this.#top = root.length + (root.at(-1) === 0x2f ? 0 : 1)
    this.#ignore = this.#make()
  }

  /** @param path absolute, below the source's root */
  excludes(path: Buffer, isFolder: boolean): boolean {
    if (++this.#asked % MOST_REMEMBERED === 0) this.#ignore = this.#make()
    const name = path.toString('utf8', this.#top)
    return this.#ignore.ignores(isFolder ? `${name}/` : name)
  }

  #make(): Ignore {
    return makeIgnore({ ignorecase: false }).add([...this.#patterns])
  }
}
