import type { Commitment } from '@dmc/core/chain/types'
import type { SectorState } from '@dmc/core/market/states'

export interface SectorInfo {
  sectorId: string
  path: string
  /** Bytes offered. */
  size: number
  /** Bytes reserved for orders. */
  reserved: number
  state: SectorState
  mounted: boolean
}

/**
 * One order's data on one sector (flow 9). Chunks of 1 MiB in one file, reserved when the order is taken.
 * A write is acknowledged (promise resolves) only after data fsync, journal row, journal fsync.
 */
export interface OrderStore {
  readonly orderId: bigint
  /** Bytes. */
  readonly capacity: number
  readonly depth: number
  /** Bytes, whole leaves: durable and contiguous from 0, unsealed ones of the open session included. */
  readonly durableSize: number
  readonly session: string | null
  readonly commitment: Commitment | null
  readonly previousCommitment: Commitment | null
  /** Sealed by the user and re-derived here, not (yet) in force; kept across restarts. */
  readonly sealed: Commitment | null
  /**
   * Opens or resumes the append session; another session id fences the older and drops its unsealed leaves.
   * Sealed leaves are dropped only with `mayDropSealed`: the caller has seen that this side's statement of them is gone
   * from the chain (docs/decisions/0001).
   * @throws SESSION_BASE_MISMATCH, SESSION_FENCED, STATEMENT_STANDS
   */
  openSession(
    session: string,
    base: Commitment | null,
    options?: {
      mayDropSealed?: boolean
      /** Of a session that goes on: what lies beyond this byte is forgotten, other bytes will come. */
      size?: number
    },
  ): Promise<{ durableSize: number }>
  /** Whole leaves at or past the committed size; resolves with the roots of the touched chunks. */
  write(
    session: string,
    firstLeaf: number,
    data: Uint8Array,
  ): Promise<{ durableSize: number; chunks: [number, Uint8Array][] }>
  /**
   * Re-derives the root over `size` bytes; COMMITMENT_MISMATCH unless it equals `commitment.root`. What this process did not hash as
   * it came is read from the disk.
   */
  seal(session: string, commitment: Commitment): Promise<void>
  /** Both prepares agreed: this commitment is in force. */
  committed(commitment: Commitment): Promise<void>
  read(offset: number, length: number): Promise<Buffer>
  /**
   * Whole leaves and the siblings that prove them against `commitment` (in force, sealed or just replaced). Who gets them hashes
   * them; with `checked` they are hashed here before they are given out, too: SECTOR_DAMAGED instead of a wrong byte
   * (docs/decisions/0015). Call `release` when `data` is no longer used: its memory is lent again.
   */
  readProven(
    offset: number,
    length: number,
    commitment: Commitment,
    checked: boolean,
  ): Promise<{ data: Buffer; siblings: Uint8Array[]; release: () => void }>
  readRoots(
    first: number,
    count: number,
    commitment: Commitment,
  ): Promise<{ roots: Uint8Array; siblings: Uint8Array[] }>
  leafProof(index: number, commitment: Commitment): Promise<{ leaf: Uint8Array; path: Uint8Array[] }>
  /** HMAC-SHA256(key, data) of a range below `commitment.size`: the answer to a probe. */
  probe(offset: number, length: number, key: Uint8Array, commitment: Commitment): Promise<Uint8Array>
  /**
   * Re-hashes all data under the newest commitment, or what is in `fromChunk` and after it; the chunks that do not match their roots.
   * `onStep` may wait, or throw to stop.
   */
  scrub(onStep?: ScrubStep, fromChunk?: number): Promise<ScrubReport>
  close(): Promise<void>
}

/** Somebody else's order in a file of its own, only read. */
export interface OrderCopy {
  /** Hashes it once. @throws SECTOR_DAMAGED unless it leads to the commitment */
  prove(commitment: Commitment): Promise<void>
  leafProof(index: number, commitment: Commitment): Promise<{ leaf: Uint8Array; path: Uint8Array[] }>
  close(): Promise<void>
}

/** Told after each step of reading an order through: bytes of that step, bytes done, and of how many. */
export type ScrubStep = (bytes: number, done: number, total: number) => Promise<void> | void

export interface ScrubReport {
  orderId: bigint
  /** Of the newest commitment, sealed or in force. */
  chunks: number
  /** Of the one in force: what is only sealed may still be dropped, and other data come in its place. */
  inForce: number
  /** Indices of chunks whose data on disk is not what was committed. */
  damaged: number[]
}

/** Sizes in bytes. */
export interface HeldOrder {
  orderId: bigint
  sectorId: string
  capacity: number
  durableSize: number
  /** Under the commitment in force; 0: there is none, or its sector is away. */
  committedSize: number
}

export interface SectorService {
  add(path: string, size: number): Promise<SectorInfo>
  list(): Promise<SectorInfo[]>
  remove(sectorId: string): Promise<void>
  /** Reserves space and creates the store (flow 8); NOT_ENOUGH_SPACE, SECTOR_NOT_MOUNTED. The same order again is harmless. */
  reserve(orderId: bigint, sectorId: string, capacity: number): Promise<OrderStore>
  /** null when this host holds nothing for the order. */
  open(orderId: bigint): Promise<OrderStore | null>
  /** The same, with its data file opened anew: what was open may be of a disk or file that was exchanged. */
  reopen(orderId: bigint): Promise<OrderStore | null>
  /** Re-hashes everything of one order (flow 9); damage is journalled and returned, never repaired silently. */
  scrub(orderId: bigint, onStep?: ScrubStep, fromChunk?: number): Promise<ScrubReport>
  /** A copy of another miner's order, to be proved from; the caller closes it. @throws SECTOR_DAMAGED */
  openCopy(options: {
    orderId: bigint
    capacityMib: bigint
    dataPath: string
    rootsPath: string
  }): Promise<OrderCopy>
  /** Deletes the data; the caller has made sure of a confirmed final state plus grace. */
  deleteOrder(orderId: bigint): Promise<void>
  orders(): Promise<HeldOrder[]>
  close(): Promise<void>
}
