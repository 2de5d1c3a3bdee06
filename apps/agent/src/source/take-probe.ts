import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { Commitment } from '@dmc/core/chain/types'

/** An unused probe of a volume (docs/PROTOCOL.md 5). */
export interface TakenProbe {
  n: number
  offset: bigint
  length: bigint
  key: Uint8Array
  mac: Uint8Array
}

const TIMEOUT_MS = 200

const WHERE = `volume IN (SELECT n FROM volume WHERE id = ?) AND used = 0 AND offset + length <= ?`

/**
 * A saved question that was not asked yet, marked as used before it is given out: a key that a miner has seen proves nothing again. null
 * when there is none, or the cache is missing, busy or damaged: leaves can be asked without it.
 * @param volumeId 16 bytes hex
 */
export function takeProbe(
  logDb: string,
  volumeId: string,
  { size }: Commitment,
  random: () => number,
): TakenProbe | null {
  return (
    withCache(logDb, (db) => {
      const count = Number(
        db
          .prepare(`SELECT count(*) AS count FROM probe WHERE ${WHERE}`)
          .get(Buffer.from(volumeId, 'hex'), size)?.count,
      )
      if (count === 0) return null
      const row = db
        .prepare(
          `UPDATE probe SET used = 1 WHERE n = (SELECT n FROM probe WHERE ${WHERE} ORDER BY n LIMIT 1 OFFSET ?)
           RETURNING n, offset, length, key, mac`,
        )
        .get(Buffer.from(volumeId, 'hex'), size, Math.floor(random() * count))
      if (!row) return null
      return {
        n: Number(row.n),
        offset: BigInt(Number(row.offset)),
        length: BigInt(Number(row.length)),
        key: row.key as Uint8Array,
        mac: row.mac as Uint8Array,
      }
    }) ?? null
  )
}

/** A probe whose key the miner never saw can be asked another time. */
export function giveBackProbe(logDb: string, n: number): void {
  withCache(logDb, (db) => db.prepare('UPDATE probe SET used = 0 WHERE n = ?').run(n))
}

/** How many are left for what is committed. */
export function countProbes(logDb: string, volumeId: string, { size }: Commitment): number {
  return (
    withCache(logDb, (db) =>
      Number(
        db
          .prepare(`SELECT count(*) AS count FROM probe WHERE ${WHERE}`)
          .get(Buffer.from(volumeId, 'hex'), size)?.count,
      ),
    ) ?? 0
  )
}

/** A cache that a backup is writing to at this moment is left alone. */
function withCache<T>(file: string, work: (db: DatabaseSync) => T): T | null {
  if (!existsSync(file)) return null
  let db: DatabaseSync | null = null
  try {
    db = new DatabaseSync(file, { timeout: TIMEOUT_MS })
    db.exec('PRAGMA synchronous = FULL')
    return work(db)
  } catch {
    return null
  } finally {
    db?.close()
  }
}
