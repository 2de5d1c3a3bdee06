/** Memory on loan; `data` has exactly the bytes that were asked for. */
export interface Lease {
  /** Offset in the arena, for worker threads that share it. Whole pages, as direct disk I/O needs. */
  readonly at: number
  readonly data: Buffer
  /** When nobody reads or writes `data` any more; a second call does nothing. */
  release(): void
}

/** Of the JavaScript engine, not in the library types that this project uses. Its memory starts on a page. */
declare const WebAssembly: {
  Memory: new (size: { initial: number; maximum: number; shared: true }) => { buffer: SharedArrayBuffer }
}

const PAGE = 64 * 1024
/** Largest loan: 8 MiB of data and a little around it never occur together, so one size up is enough. */
const LARGEST = 8 * 1024 * 1024

/** An arena that worker threads see without a copy; writing to it from JavaScript is slower than to memory of one's own. */
function sharedArena(bytes: number): SharedArrayBuffer {
  const pages = bytes / PAGE
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }).buffer
}

/**
 * One arena for all data in flight, lent in blocks of powers of two (a buddy allocator). It is bounded by nature, the
 * same pages are used again (fresh pages cost more than the copy into them), and it is page-aligned. When it is short,
 * whoever has least of it on loan comes first; among equals, who came first.
 */
export class BufferPool<Arena extends ArrayBufferLike = SharedArrayBuffer> {
  readonly arena: Arena
  readonly #free = new Map<number, number[]>()
  readonly #waiting: { bytes: number; borrower: string; give: (lease: Lease) => void }[] = []
  /** Bytes on loan by borrower; none: not in it. */
  readonly #debts = new Map<string, number>()
  #lent = 0

  /**
   * @param budget bytes, a multiple of 8 MiB. Pages that were never lent take no memory.
   * @param arena of that size, starting on a page (`pageMemory`); shared with worker threads when it is not given
   */
  constructor(budget: number, arena = sharedArena(budget) as Arena) {
    this.arena = arena
    for (let size = PAGE; size <= LARGEST; size *= 2) this.#free.set(size, [])
    for (let at = budget - LARGEST; at >= 0; at -= LARGEST) this.#listOf(LARGEST).push(at)
  }

  /** Bytes on loan now. */
  get lent(): number {
    return this.#lent
  }

  /** @param borrower who shares it with others: an order */
  acquire(bytes: number, borrower = ''): Promise<Lease> {
    if (bytes > LARGEST) throw new RangeError(`a loan of ${bytes} bytes is larger than ${LARGEST}`)
    return new Promise((resolve) => {
      this.#waiting.push({ bytes, borrower, give: resolve })
      this.#serve()
    })
  }

  /** Without waiting; null when there is no room, or somebody waits for it. */
  acquireNow(bytes: number, borrower = ''): Lease | null {
    if (bytes > LARGEST || this.#waiting.length > 0) return null
    const size = sizeFor(bytes)
    const at = this.#take(size)
    return at === null ? null : this.#lend(at, size, bytes, borrower)
  }

  /** Someone waits who would have less than `borrower` has, also with what they ask for. */
  presses(borrower: string): boolean {
    const debt = this.#debts.get(borrower) ?? 0
    return this.#waiting.some((one) => (this.#debts.get(one.borrower) ?? 0) + one.bytes < debt)
  }

  #serve(): void {
    for (;;) {
      const next = this.#first()
      if (!next) return
      const size = sizeFor(next.bytes)
      const at = this.#take(size)
      if (at === null) return
      this.#waiting.splice(this.#waiting.indexOf(next), 1)
      next.give(this.#lend(at, size, next.bytes, next.borrower))
    }
  }

  #lend(at: number, size: number, bytes: number, borrower: string): Lease {
    this.#owe(borrower, size)
    let open = true
    return {
      at,
      data: Buffer.from(this.arena, at, bytes),
      release: () => {
        if (!open) return
        open = false
        this.#owe(borrower, -size)
        this.#give(at, size)
        this.#serve()
      },
    }
  }

  #first() {
    const debtOf = ({ borrower }: { borrower: string }) => this.#debts.get(borrower) ?? 0
    let first = this.#waiting[0]
    for (const one of this.#waiting) if (first && debtOf(one) < debtOf(first)) first = one
    return first
  }

  #owe(borrower: string, bytes: number): void {
    this.#lent += bytes
    const debt = (this.#debts.get(borrower) ?? 0) + bytes
    if (debt === 0) this.#debts.delete(borrower)
    else this.#debts.set(borrower, debt)
  }

  /** The lowest free block of `size`, splitting a larger one if need be. */
  #take(size: number): number | null {
    const list = this.#listOf(size)
    if (list.length > 0) {
      const lowest = Math.min(...list)
      list.splice(list.indexOf(lowest), 1)
      return lowest
    }
    if (size === LARGEST) return null
    const larger = this.#take(size * 2)
    if (larger === null) return null
    list.push(larger + size)
    return larger
  }

  /** Joins a block with its free neighbour as often as it can. */
  #give(at: number, size: number): void {
    const list = this.#listOf(size)
    const buddy = Math.floor(at / (size * 2)) * size * 2 === at ? at + size : at - size
    const found = size < LARGEST ? list.indexOf(buddy) : -1
    if (found < 0) {
      list.push(at)
      return
    }
    list.splice(found, 1)
    this.#give(Math.min(at, buddy), size * 2)
  }

  #listOf(size: number): number[] {
    return this.#free.get(size) ?? []
  }
}

function sizeFor(bytes: number): number {
  let size = PAGE
  while (size < bytes) size *= 2
  return size
}
