import { reviveError } from '@dmc/core/errors/to-dmc-error'
import { BLOB_TYPE } from '@dmc/core/log/blob'
import type { Locator } from '@dmc/core/log/locator'
import type { BlobStore } from './blob-store.ts'
import { BEHIND, CutRoom } from './cut-room.ts'
import type { Cut, CutRooms } from './cutter.ts'
import type { LogWriter } from './log-writer.ts'
import { SealBoard } from './seal-board.ts'
import type { SealRoom } from './seal-room.ts'
import { Sealer, type SealWorkerData } from './seal-worker.ts'

export interface StoredCut extends Cut {
  locator: Locator
}

/** Who gets to know where chunks are stored. */
export interface CutTarget {
  /** Nobody wants them any more. */
  readonly dropped?: boolean
  stored(cut: StoredCut): void
}

/** Stores chunks in order, at once or later; what must come after them waits here, too. */
export interface ChunkStore {
  /** For one cutter. */
  rooms(): CutRooms
  /** Chunks that a cutter found in a room. */
  store(cuts: readonly Cut[], room: CutRoom, target: CutTarget): void
  /** Once everything that came before is stored. */
  after(done: () => void): void
  /** Returns when everything is stored. */
  drain(): void
}

/** In this thread: everything is stored when a call returns. */
export class StoreHere implements ChunkStore {
  readonly #store: BlobStore
  readonly #gear: Int32Array

  constructor(store: BlobStore, gear: Int32Array) {
    this.#store = store
    this.#gear = gear
  }

  rooms(): CutRooms {
    return CutRoom.own(this.#gear)
  }

  store(cuts: readonly Cut[], _room: CutRoom, target: CutTarget): void {
    storeAll(this.#store, cuts, target)
  }

  after(done: () => void): void {
    done()
  }

  drain(): void {}
}

export interface StoreByOthersOptions {
  store: BlobStore
  gear: Int32Array
  writer: LogWriter
  sealing: SealWorkerData
  /** Groups that may be under way; the board has room for two more. */
  most: number
  /** There are threads that do nothing else. */
  sealers: boolean
  /** No blob of the last snapshot can be met again. */
  allNew: boolean
}

type Waiting =
  | { type: 'group'; cuts: readonly Cut[]; seal: SealRoom; target: CutTarget }
  | { type: 'after'; done: () => void }

/** So often another thread's end is noticed. */
const LOOK_MS = 1000
/** Content that gets smaller than this share costs far more to seal than to read and cut. */
const COMPRESSES = 0.9

/**
 * Other threads hash and seal while this one reads and cuts; only it looks up what is known, and it alone appends to the log, in the order
 * in which chunks were cut. Nobody waits idly: what no other thread has begun, this one does itself. What is new and does not compress is
 * sealed straight into the log by this thread where the only other one is busy writing it: there, another copy of it costs more than it brings.
 */
export class StoreByOthers implements ChunkStore {
  readonly #o: StoreByOthersOptions
  readonly #board: SealBoard
  /** Those that were never used last: their memory is not there yet. */
  readonly #free: SealRoom[]
  readonly #cutRooms = new Map<SealRoom, CutRoom>()
  readonly #seals = new Map<CutRoom, SealRoom>()
  readonly #queue: Waiting[] = []
  #away = 0
  #number = 0
  /** Whether most of what came last was new: then bodies are sealed before they are known to be. */
  #mostNew: boolean
  /** How small it got. */
  #share = 1
  readonly #sealer: Sealer

  constructor(options: StoreByOthersOptions) {
    this.#o = options
    this.#sealer = new Sealer(options.sealing)
    this.#board = new SealBoard(options.sealing.board)
    this.#mostNew = options.allNew
    this.#free = [...this.#board.rooms]
  }

  rooms(): CutRooms {
    return { behind: BEHIND, handsOn: true, next: () => this.#next() }
  }

  store(cuts: readonly Cut[], room: CutRoom, target: CutTarget): void {
    const seal = this.#seals.get(room)
    if (!seal) throw new Error('a room of another board')
    this.#queue.push({ type: 'group', cuts, seal, target })
    this.#away++
    if (!this.#o.sealers && this.#mostNew && this.#share > COMPRESSES) {
      seal.post(cuts, this.#number++, false)
      this.drain()
      return
    }
    seal.post(cuts, this.#number++, this.#mostNew)
    this.#board.ring()
    this.#o.writer.help()
  }

  after(done: () => void): void {
    if (this.#queue.length === 0) done()
    else this.#queue.push({ type: 'after', done })
  }

  drain(): void {
    while (this.#queue.length > 0) this.#settle()
  }

  #next(): CutRoom {
    while (this.#away >= this.#o.most) this.#settle()
    const seal = this.#free.pop()
    if (!seal) throw new Error('no room is free')
    const room = this.#cutRooms.get(seal) ?? seal.toCut(this.#o.gear)
    this.#cutRooms.set(seal, room)
    this.#seals.set(room, seal)
    return room
  }

  /** The oldest group, and what waits behind it. */
  #settle(): void {
    const group = this.#queue.shift()
    if (group?.type === 'group') {
      this.#settleGroup(group)
      this.#away--
    } else group?.done()
    while (this.#queue[0]?.type === 'after') {
      const next = this.#queue.shift()
      if (next?.type === 'after') next.done()
    }
  }

  #settleGroup({ cuts, seal, target }: Extract<Waiting, { type: 'group' }>): void {
    const { store } = this.#o
    const before = { reused: store.reusedBytes, added: store.addedBytes }
    if (seal.take()) storeAll(store, cuts, target)
    else {
      this.#waitFor(seal)
      storeSealed(store, seal, cuts, target)
    }
    if (!target.dropped) {
      const bytes = cuts.reduce((sum, { chunk }) => sum + chunk.length, 0)
      const known = store.reusedBytes - before.reused
      this.#mostNew = 2 * known < bytes
      if (this.#mostNew) this.#share = (store.addedBytes - before.added) / (bytes - known)
    }
    seal.reuse()
    this.#free.push(seal)
  }

  #waitFor(seal: SealRoom): void {
    while (!seal.waitDone(0)) {
      if (this.#sealer.sealNext() || seal.waitDone(LOOK_MS)) continue
      const { failure } = this.#board
      if (failure !== null) throw reviveError(failure)
      // the thread that writes the log seals, too: throws when that has died
      void this.#o.writer.written
    }
  }
}

function storeAll(store: BlobStore, cuts: readonly Cut[], target: CutTarget): void {
  if (target.dropped) return
  const ids = store.idsOf(
    BLOB_TYPE.content,
    cuts.map(({ chunk }) => chunk),
  )
  for (const [i, cut] of cuts.entries())
    target.stored({ ...cut, locator: store.store(BLOB_TYPE.content, cut.chunk, ids[i]) })
}

function storeSealed(store: BlobStore, seal: SealRoom, cuts: readonly Cut[], target: CutTarget): void {
  if (target.dropped) return
  for (const [i, cut] of cuts.entries()) {
    const id = seal.id(i)
    const body = seal.sealed(i)
    const locator = body
      ? store.storeSealed(id, cut.chunk.length, seal.memory, body)
      : store.store(BLOB_TYPE.content, cut.chunk, id)
    target.stored({ ...cut, locator })
  }
}
