import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { LogCrypto } from '@dmc/core/log/log-crypto'
import { CHUNK_SIZE } from '@dmc/core/merkle/constants'

/**
 * Keeps expected answers to questions about random ranges of what this session writes (docs/PROTOCOL.md 5): a random
 * sample of its chunks, of even odds however many there will be (reservoir sampling).
 */
export class ProbeKeeper {
  readonly #insert: StatementSync
  readonly #crypto: LogCrypto
  readonly #most: number
  readonly #volume: number
  readonly #generation: number
  readonly #firstChunk: number
  #seen = 0
  /** Row numbers by place in the reservoir. */
  readonly #rows: number[] = []
  readonly #remove: StatementSync

  constructor(
    db: DatabaseSync,
    crypto: LogCrypto,
    options: { most: number; volume: number; generation: number; baseSize: number; resumedAt: number },
  ) {
    this.#crypto = crypto
    this.#most = options.most
    this.#volume = options.volume
    this.#generation = options.generation
    this.#firstChunk = Math.ceil(options.baseSize / CHUNK_SIZE)
    this.#insert = db.prepare(
      'INSERT INTO probe (volume, offset, length, key, mac, gen) VALUES (?, ?, ?, ?, ?, ?) RETURNING n',
    )
    this.#remove = db.prepare('DELETE FROM probe WHERE n = ?')
    const kept = db.prepare('SELECT n FROM probe WHERE gen = ? ORDER BY n').all(options.generation)
    this.#rows = kept.map((row) => Number(row.n))
    this.#seen = Math.max(0, Math.floor(options.resumedAt / CHUNK_SIZE) - this.#firstChunk)
  }

  /** A whole chunk of the log, as it goes to the spool. */
  onChunk(index: number, data: Uint8Array): void {
    // the base's chunk was partly there before this session
    if (index < this.#firstChunk || this.#most === 0) return
    this.#seen++
    if (this.#rows.length < this.#most) {
      this.#rows.push(this.#keep(index, data))
      return
    }
    const place = this.#below(this.#seen)
    if (place >= this.#most) return
    this.#remove.run(this.#rows[place] as number)
    this.#rows[place] = this.#keep(index, data)
  }

  #keep(index: number, data: Uint8Array): number {
    const key = this.#crypto.randomBytes(32)
    const mac = this.#crypto.hmac(key, data)
    const row = this.#insert.get(this.#volume, index * CHUNK_SIZE, data.length, key, mac, this.#generation)
    return Number(row?.n)
  }

  #below(limit: number): number {
    const bytes = this.#crypto.randomBytes(4)
    return Math.floor((new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) / 2 ** 32) * limit)
  }
}
