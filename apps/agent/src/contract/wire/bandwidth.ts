import { WIRE_LIMITS } from '@dmc/core/protocol/limits'

/** Data is let through in pieces of this size, so that every order gets its turn soon. */
export const SLICE = 64 * 1024
/** A line that was not used may be used so much later at once. */
const BURST_MS = 20
/** Shorter waits than a timer can tell are left to the next one. */
const SHORTEST_MS = 2
/** A transfer that gets its turn goes on at twice the rate below which a miner cuts it off. */
const TURN_RATE = 2 * WIRE_LIMITS.minRate
/** Below it a transfer is of one chunk: the line is not long in one order's hands, and little is sent again after a fault. */
const SMALL_PIECES_BELOW = 8 * 1024 * 1024

/**
 * How much data this host sends, or takes, in a second: backups and restores, all orders together. The line is shared by
 * order, not by connection: each order has one slice waiting at a time, and slices pass in the order in which they came.
 * Questions, challenges and their answers are not counted: they are small, and have deadlines.
 */
export class Bandwidth {
  /** Bytes per second; null: no limit. */
  readonly limit: number | null
  /** When what was let through so far has passed, on `performance.now()`'s clock. */
  #free = 0
  readonly #lanes = new Map<string, Promise<void>>()
  /** Transfers that have their turn, and those that wait for it, one of each order. */
  #turns = 0
  readonly #waiting: (() => void)[] = []
  readonly #turnLanes = new Map<string, Promise<void>>()

  constructor(limit: number | null) {
    this.limit = limit
  }

  /** Whether transfers are of single chunks. */
  get smallPieces(): boolean {
    return this.limit !== null && this.limit < SMALL_PIECES_BELOW
  }

  /** Resolves when `bytes` more of this order may pass. */
  pass(order: string, bytes: number): Promise<void> {
    const { limit } = this
    if (limit === null) return Promise.resolve()
    return inLane(this.#lanes, order, () => this.#wait((bytes / limit) * 1000))
  }

  /**
   * Runs one transfer. Only so many run at once that each can keep a rate that its peer accepts: many that creep are cut
   * off one after another, and nothing ever arrives.
   */
  async turn<T>(order: string, transfer: () => Promise<T>): Promise<T> {
    if (this.limit === null) return transfer()
    await inLane(this.#turnLanes, order, () => this.#takeTurn())
    try {
      return await transfer()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#turns--
    }
  }

  async #wait(ms: number): Promise<void> {
    const now = performance.now()
    const start = Math.max(this.#free, now - BURST_MS)
    this.#free = start + ms
    if (start - now >= SHORTEST_MS) await new Promise((resolve) => setTimeout(resolve, start - now))
  }

  async #takeTurn(): Promise<void> {
    const most = Math.max(1, Math.floor((this.limit ?? 0) / TURN_RATE))
    if (this.#turns < most) this.#turns++
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }
}

/** What a host has of it, one for each direction. */
export interface Bandwidths {
  up: Bandwidth
  down: Bandwidth
}

export const UNLIMITED: Bandwidths = { up: new Bandwidth(null), down: new Bandwidth(null) }

/** One after another within a lane; a lane that is empty is forgotten. */
function inLane(lanes: Map<string, Promise<void>>, lane: string, work: () => Promise<void>): Promise<void> {
  const before = lanes.get(lane)
  const mine = before ? before.then(work) : work()
  lanes.set(lane, mine)
  void mine.then(() => {
    if (lanes.get(lane) === mine) lanes.delete(lane)
  })
  return mine
}
