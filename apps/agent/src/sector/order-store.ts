import type { Commitment } from '@dmc/core/chain/types'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { CHUNK_LEAVES, CHUNK_SIZE, HASH_SIZE, LEAF_SIZE, treeDepth } from '@dmc/core/merkle/constants'
import { hashBytes } from '@dmc/core/merkle/hash-hex'
import type { BufferPool } from './buffer-pool.ts'
import { type DataFile, openDataFile } from './data-file.ts'
import { addRange, contiguousFrom, type Range, removeRange, withinRange } from './durable-ranges.ts'
import { GroupCommit } from './group-commit.ts'
import type { HashOps } from './hash-orders.ts'
import {
  baseMismatch,
  commitmentUnknown,
  leavesOutOfRange,
  sessionFenced,
  sessionUnknown,
  statementStands,
} from './order-error.ts'
import { OrderLock } from './order-lock.ts'
import { lower, OrderProofs } from './order-proofs.ts'
import type { OrderState } from './order-row.ts'
import type { OrderStore, ScrubReport, ScrubStep } from './types.ts'
import type { WorkerChannel } from './worker-channel.ts'

const MOST_RANGES = 4096
const MOST_FENCED = 64
/** What one `readProven` may ask for. */
const MOST_BYTES = 8 * CHUNK_SIZE

export interface OrderStoreOptions {
  orderId: bigint
  capacity: number
  dataPath: string
  rootsPath: string
  /** Where the nodes over twigs are kept; made when it is not there. */
  twigsPath: string
  state: OrderState
  hash: WorkerChannel<HashOps>
  pool: BufferPool
  /** Journal row, fsynced when it resolves. */
  save: (state: OrderState) => Promise<void>
  /** For the journal that people read. */
  onDamaged: (chunks: number[], error: DmcError) => void
}

/** Opens the files of one order (flow 9). */
export async function openOrderStore(options: OrderStoreOptions): Promise<FileOrderStore> {
  const file = await openDataFile(options.dataPath)
  const store = new FileOrderStore(options, file)
  await options.hash.call('open', {
    order: store.key,
    fd: file.fd,
    direct: file.direct,
    depth: store.depth,
    path: options.dataPath,
    twigs: options.twigsPath,
  })
  return store
}

/**
 * One order's data in one file, reserved whole, written in place (flow 9). A write is acknowledged after: data written,
 * fdatasync, journal row, its fsync, and the touched chunks' roots. State changes only when its journal row is durable, so
 * a kill at any moment leaves exactly what was acknowledged. Whole chunks are hashed while the disk writes them; what the
 * disk then has is read soon after the commitment (docs/decisions/0012).
 */
export class FileOrderStore implements OrderStore {
  readonly orderId: bigint
  readonly capacity: number
  readonly depth: number
  readonly key: string
  readonly #options: OrderStoreOptions
  #file: DataFile
  readonly #hash: WorkerChannel<HashOps>
  readonly #proofs: OrderProofs
  readonly #lock = new OrderLock()
  readonly #group: GroupCommit<Range>
  #state: OrderState
  #saving: Promise<void> = Promise.resolve()
  #syncFailures = 0
  #closed = false

  constructor(options: OrderStoreOptions, file: DataFile) {
    this.orderId = options.orderId
    this.key = options.orderId.toString()
    this.capacity = options.capacity
    this.depth = treeDepth(options.capacity / CHUNK_SIZE)
    this.#options = options
    this.#file = file
    this.#hash = options.hash
    this.#proofs = new OrderProofs({ ...options, order: this.key })
    this.#state = options.state
    this.#group = new GroupCommit((ranges) => this.#commitGroup(ranges))
  }

  get durableSize(): number {
    return contiguousFrom(this.#state.ranges, 0, this.capacity / LEAF_SIZE) * LEAF_SIZE
  }
  get session(): string | null {
    return this.#state.session
  }
  get commitment(): Commitment | null {
    return this.#state.commitment
  }
  get previousCommitment(): Commitment | null {
    return this.#state.previous
  }
  get sealed(): Commitment | null {
    return this.#state.sealed
  }

  get #committedSize(): number {
    return Number(this.#state.commitment?.size ?? 0n)
  }

  openSession(
    session: string,
    base: Commitment | null,
    { mayDropSealed = false, size = this.capacity }: { mayDropSealed?: boolean; size?: number } = {},
  ): Promise<{ durableSize: number }> {
    return this.#lock.exclusive(async () => {
      const { commitment, sealed, fenced } = this.#state
      if (!sameCommitment(base, commitment)) throw baseMismatch(this.orderId, describe(commitment))
      if (session === this.#state.session) {
        await this.#goBackTo(size)
        return { durableSize: this.durableSize }
      }
      if (fenced.includes(session)) throw sessionFenced(this.orderId)
      if (sealed && !mayDropSealed) throw statementStands(this.orderId)
      const leaves = this.#committedSize / LEAF_SIZE
      const older = this.#state.session
      await this.#save((state) => ({
        session,
        sealed: null,
        fenced: older === null ? fenced : [...fenced, older].slice(-MOST_FENCED),
        ranges: withinRange(state.ranges, 0, leaves),
      }))
      await this.#hash.call('truncate', { order: this.key, size: this.#committedSize })
      return { durableSize: this.durableSize }
    })
  }

  /** The user's disk has lost what it wrote beyond `size`, and will write other bytes there. */
  async #goBackTo(size: number): Promise<void> {
    const { ranges, sealed } = this.#state
    const leaves = Math.max(Math.floor(size / LEAF_SIZE), this.#committedSize / LEAF_SIZE)
    if (!ranges.some(([, end]) => end > leaves)) return
    // what was sealed was complete there too: this is an older copy of that disk, which can't go on with it
    if (sealed) throw sessionFenced(this.orderId)
    await this.#save((state) => ({ ranges: withinRange(state.ranges, 0, leaves) }))
    await this.#hash.call('truncate', { order: this.key, size: leaves * LEAF_SIZE })
  }

  write(
    session: string,
    firstLeaf: number,
    data: Uint8Array,
  ): Promise<{ durableSize: number; chunks: [number, Uint8Array][] }> {
    return this.#lock.shared(async () => {
      this.#mustBeSession(session)
      const end = this.#mustFit(firstLeaf, data)
      const firstChunk = Math.floor(firstLeaf / CHUNK_LEAVES)
      const lastChunk = Math.floor((end - 1) / CHUNK_LEAVES)
      return this.#lock.chunks(firstChunk, lastChunk, async () => {
        const whole = this.#wholeChunks(firstLeaf, end)
        let hashed: Promise<Uint8Array> | null = null
        if (await this.#isNew(firstLeaf, end, data)) {
          // where the write fails its chunks are not held: they are written, and hashed, again before anybody needs a root of them
          hashed = this.#hashArrived(whole, data, firstLeaf)
          hashed?.catch(() => {})
          const failures = this.#syncFailures
          await this.#file.write(data, firstLeaf * LEAF_SIZE)
          if (whole.length > 0) hashed ??= this.#hash.call('hash', { order: this.key, chunks: whole })
          hashed?.catch(() => {})
          if (failures !== this.#syncFailures) throw this.#syncFailed()
          await this.#group.add([firstLeaf, end])
        }
        const roots = new Map<number, Uint8Array>()
        const cut: [number, number][] = []
        for (let chunk = firstChunk; chunk <= lastChunk; chunk++) {
          const start = chunk * CHUNK_LEAVES
          const leaves = contiguousFrom(this.#state.ranges, start, start + CHUNK_LEAVES)
          // with a gap before its last leaf a chunk has no root yet
          const gap = withinRange(this.#state.ranges, start + leaves, start + CHUNK_LEAVES).length > 0
          const done = hashed !== null && whole.some(([index]) => index === chunk)
          if (leaves > 0 && !gap && !done) cut.push([chunk, leaves])
        }
        collect(
          roots,
          cut,
          cut.length > 0 ? await this.#hash.call('hash', { order: this.key, chunks: cut }) : null,
        )
        collect(roots, whole, await hashed)
        const chunks = [...roots].sort(([a], [b]) => a - b)
        return { durableSize: this.durableSize, chunks }
      })
    })
  }

  seal(session: string, commitment: Commitment): Promise<void> {
    return this.#lock.exclusive(async () => {
      // a seal whose reply was lost is asked for again, perhaps when it is in force already
      if (sameCommitment(this.#state.commitment, commitment)) return
      this.#mustBeSession(session)
      if (sameCommitment(this.#state.sealed, commitment)) return
      const size = Number(commitment.size)
      if (this.#state.sealed) throw leavesOutOfRange(this.orderId, 'this session is sealed already')
      if (size % LEAF_SIZE !== 0 || size <= this.#committedSize || size > this.capacity) {
        throw this.#mismatch(
          `${size} bytes are not whole leaves past the ${this.#committedSize} committed ones`,
        )
      }
      if (size > this.durableSize) throw this.#mismatch(`only ${this.durableSize} of ${size} bytes are here`)
      // flow 10: damage below the base is told apart from a wrong commitment
      if (this.#state.commitment) await this.#proofs.prove(this.#state.commitment)
      await this.#proofs.rehash(size, false)
      const root = await this.#hash.call('prove', { order: this.key, size, root: lower(commitment.root) })
      if (root !== lower(commitment.root)) throw this.#mismatch(`the data on disk has root ${root}`)
      await this.#proofs.storeRoots(size)
      await this.#save(() => ({ sealed: { root, size: commitment.size } }))
    })
  }

  committed(commitment: Commitment): Promise<void> {
    return this.#lock.exclusive(async () => {
      const { commitment: current, previous, sealed } = this.#state
      if (sameCommitment(commitment, current)) return
      const leaves = Number(commitment.size) / LEAF_SIZE
      if (sameCommitment(commitment, sealed)) {
        await this.#save((state) => ({
          commitment: sealed,
          previous: current,
          sealed: null,
          session: null,
          fenced: [],
          ranges: withinRange(state.ranges, 0, leaves),
        }))
        await this.#hash.call('truncate', { order: this.key, size: Number(commitment.size) })
      } else if (sameCommitment(commitment, previous) && current && !sealed) {
        // a reorg took the last agreement back: its data stays, as it will most likely come again
        await this.#save((state) => ({
          commitment: previous,
          previous: null,
          sealed: current,
          session: null,
          ranges: withinRange(state.ranges, 0, Number(current.size) / LEAF_SIZE),
        }))
      } else throw commitmentUnknown(this.orderId)
    })
  }

  read(offset: number, length: number): Promise<Buffer> {
    return this.#lock.shared(async () => {
      if (offset < 0 || length < 0 || offset + length > this.durableSize) {
        throw leavesOutOfRange(this.orderId, `only ${this.durableSize} bytes are here`)
      }
      return this.#file.read(offset, length)
    })
  }

  async readProven(offset: number, length: number, commitment: Commitment, checked: boolean) {
    const size = await this.#ready(commitment)
    this.#mustBeLeaves(offset, length, size, MOST_BYTES)
    const lease = await this.#options.pool.acquire(length, this.key)
    try {
      const { at, data, release } = lease
      const siblings = await this.#proofs.told(
        this.#hash.call('range', { order: this.key, offset, length, size, at, checked }),
      )
      return { data, siblings, release }
    } catch (error) {
      lease.release()
      throw error
    }
  }

  async readRoots(first: number, count: number, commitment: Commitment) {
    const size = await this.#ready(commitment)
    return this.#hash.call('roots', { order: this.key, first, count, size })
  }

  async leafProof(index: number, commitment: Commitment) {
    this.#known(commitment)
    const size = Number(commitment.size)
    this.#mustBeLeaves(index * LEAF_SIZE, LEAF_SIZE, size, LEAF_SIZE)
    const at = { order: this.key, index, size, root: lower(commitment.root) }
    const ask = () => this.#proofs.told(this.#hash.call('leaf', at))
    const found = await ask()
    if (found !== null) return found
    await this.#proofs.prove(commitment)
    const proved = await ask()
    if (proved !== null) return proved
    throw commitmentUnknown(this.orderId)
  }

  async probe(offset: number, length: number, key: Uint8Array, commitment: Commitment): Promise<Uint8Array> {
    this.#known(commitment)
    if (offset < 0 || length <= 0 || offset + length > Number(commitment.size)) {
      throw leavesOutOfRange(this.orderId, `the commitment has ${commitment.size} bytes`)
    }
    return this.#hash.call('hmac', { order: this.key, offset, length, key })
  }

  async scrub(onStep?: ScrubStep, fromChunk = 0): Promise<ScrubReport> {
    const commitment = this.#state.sealed ?? this.#state.commitment
    if (!commitment) return { orderId: this.orderId, chunks: 0, inForce: 0, damaged: [] }
    const inForce = Math.ceil(this.#committedSize / CHUNK_SIZE)
    const size = await this.#ready(commitment)
    const damaged = await this.#proofs.rehash(size, true, onStep, fromChunk)
    return { orderId: this.orderId, chunks: Math.ceil(size / CHUNK_SIZE), inForce, damaged }
  }

  /**
   * Opens the data file again, for a person may have put another one in its place. Whoever holds this store goes on with it; on
   * failure the file that was open stays.
   * @throws SECTOR_DAMAGED
   */
  reopen(): Promise<void> {
    return this.#lock.exclusive(async () => {
      if (this.#closed) return
      const file = await openDataFile(this.#options.dataPath)
      const before = this.#file
      // the worker does one thing after another: when it has answered, it reads nothing from the old one any more
      try {
        await this.#hash.call('exchange', { order: this.key, fd: file.fd, direct: file.direct })
      } catch (error) {
        await file.close()
        throw error
      }
      this.#file = file
      await before.close()
    })
  }

  close(): Promise<void> {
    return this.#lock.exclusive(async () => {
      if (this.#closed) return
      this.#closed = true
      await this.#hash.call('close', { order: this.key })
      await this.#file.close()
    })
  }

  async #commitGroup(written: Range[]): Promise<void> {
    try {
      await this.#file.sync()
    } catch (error) {
      this.#syncFailures++
      throw error
    }
    await this.#save((state) => {
      let ranges = state.ranges
      for (const [first, end] of written) ranges = addRange(ranges, first, end)
      if (ranges.length > MOST_RANGES) {
        throw leavesOutOfRange(this.orderId, `it has ${ranges.length} gaps; fill those first`)
      }
      return { ranges }
    })
  }

  /** One change after another; the state in memory changes only once its journal row is durable. */
  #save(change: (state: OrderState) => Partial<OrderState>): Promise<void> {
    const saved = this.#saving.then(async () => {
      const next = { ...this.#state, ...change(this.#state) }
      await this.#options.save(next)
      this.#state = next
    })
    this.#saving = saved.catch(() => {})
    return saved
  }

  /** False when all of it is durable with these bytes already; makes room when other bytes are there. */
  async #isNew(first: number, end: number, data: Uint8Array): Promise<boolean> {
    const held = withinRange(this.#state.ranges, first, end)
    let same = true
    for (const [low, high] of held) {
      const there = await this.#file.read(low * LEAF_SIZE, (high - low) * LEAF_SIZE)
      same &&= there.equals(data.subarray((low - first) * LEAF_SIZE, (high - first) * LEAF_SIZE))
    }
    const all = held[0]?.[0] === first && held[0]?.[1] === end
    if (this.#state.sealed) {
      // our statement may stand on chain: not one byte under it changes any more
      if (!same || !all) throw leavesOutOfRange(this.orderId, 'this session is sealed')
      return false
    }
    if (same) return !all
    // a kill in the middle of overwriting must not leave a mixture that counts as durable
    await this.#save((state) => ({ ranges: removeRange(state.ranges, first, end) }))
    await this.#hash.call('forget', {
      order: this.key,
      first: Math.floor(first / CHUNK_LEAVES),
      last: Math.floor((end - 1) / CHUNK_LEAVES),
    })
    return true
  }

  /** Chunks that a write covers whole: their roots need nothing but this write. */
  #wholeChunks(first: number, end: number): [chunk: number, leaves: number][] {
    const whole: [number, number][] = []
    for (let chunk = Math.ceil(first / CHUNK_LEAVES); (chunk + 1) * CHUNK_LEAVES <= end; chunk++) {
      whole.push([chunk, CHUNK_LEAVES])
    }
    return whole
  }

  /** From memory while the disk writes them; null without chunks or memory to lend: they are read from the disk then. */
  #hashArrived(
    whole: readonly (readonly [chunk: number, leaves: number])[],
    data: Uint8Array,
    firstLeaf: number,
  ): Promise<Uint8Array> | null {
    const first = whole[0]?.[0]
    if (first === undefined) return null
    const bytes = whole.length * CHUNK_SIZE
    // where it lies belongs to the server and is no thread's but this one's
    const lease = this.#options.pool.acquireNow(bytes, this.key)
    if (!lease) return null
    const from = first * CHUNK_SIZE - firstLeaf * LEAF_SIZE
    lease.data.set(data.subarray(from, from + bytes))
    return this.#hash
      .call('hashArrived', { order: this.key, first, count: whole.length, at: lease.at })
      .finally(() => lease.release())
  }

  #syncFailed(): DmcError {
    return new DmcError(
      'DISK_FULL',
      `The disk of order ${this.orderId} refused to keep what was just written.`,
      {
        hint: 'Free space or check the disk; delivery goes on by itself.',
        retryable: true,
      },
    )
  }

  #mustBeSession(session: string): void {
    if (session === this.#state.session) return
    throw this.#state.fenced.includes(session) ? sessionFenced(this.orderId) : sessionUnknown(this.orderId)
  }

  #mustFit(firstLeaf: number, data: Uint8Array): number {
    const leaves = data.length / LEAF_SIZE
    if (!Number.isSafeInteger(firstLeaf) || firstLeaf < 0 || !Number.isInteger(leaves) || leaves === 0) {
      throw leavesOutOfRange(this.orderId, `${data.length} bytes at leaf ${firstLeaf} are not whole leaves`)
    }
    if (firstLeaf * LEAF_SIZE < this.#committedSize) {
      throw leavesOutOfRange(this.orderId, `${this.#committedSize} bytes are committed`)
    }
    if ((firstLeaf + leaves) * LEAF_SIZE > this.capacity) {
      throw new DmcError(
        'CAPACITY_EXCEEDED',
        `${(firstLeaf + leaves) * LEAF_SIZE} bytes do not fit order ${this.orderId} of ${this.capacity} bytes.`,
        { hint: 'Go on in a new order.' },
      )
    }
    return firstLeaf + leaves
  }

  #mustBeLeaves(offset: number, length: number, size: number, most: number): void {
    const whole = offset % LEAF_SIZE === 0 && length % LEAF_SIZE === 0
    if (!whole || offset < 0 || length <= 0 || length > most || offset + length > size) {
      throw leavesOutOfRange(
        this.orderId,
        `${length} bytes at ${offset} are not among ${size} committed bytes`,
      )
    }
  }

  #mismatch(why: string): DmcError {
    return new DmcError('COMMITMENT_MISMATCH', `Order ${this.orderId} can't be sealed: ${why}.`, {
      hint: 'Send the leaves after the commitment in force again in a new session.',
    })
  }

  #known(commitment: Commitment): void {
    const { commitment: current, sealed, previous } = this.#state
    if (![current, sealed, previous].some((known) => sameCommitment(known, commitment))) {
      throw commitmentUnknown(this.orderId)
    }
  }

  async #ready(commitment: Commitment): Promise<number> {
    this.#known(commitment)
    await this.#proofs.prove(commitment)
    return Number(commitment.size)
  }
}

function sameCommitment(a: Commitment | null, b: Commitment | null): boolean {
  if (a === null || b === null) return a === b
  return a.size === b.size && Buffer.from(hashBytes(a.root)).equals(hashBytes(b.root))
}

const describe = (commitment: Commitment | null) =>
  commitment ? `${commitment.size} bytes, root ${commitment.root}` : 'nothing is in force yet'

function collect(into: Map<number, Uint8Array>, chunks: [number, number][], roots: Uint8Array | null): void {
  if (roots === null) return
  chunks.forEach(([chunk], i) => {
    into.set(chunk, roots.slice(i * HASH_SIZE, (i + 1) * HASH_SIZE))
  })
}
