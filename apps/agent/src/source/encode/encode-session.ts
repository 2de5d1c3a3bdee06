import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { fromHex } from '@dmc/core/log/bytes'
import type { LogCrypto } from '@dmc/core/log/log-crypto'
import { inTransaction } from '../../store/in-transaction.ts'
import { boundaryFile, spoolFolder } from '../source-paths.ts'
import type { VolumeTarget } from '../types.ts'
import { readHead, readSession, type SessionRow, type VolumeRow } from './log-db.ts'

/** The base of a session: the commitment in force of its volume. */
export interface Base {
  /** 0x hex; null for an empty order. */
  root: string | null
  size: number
}

/** The row of the target volume, made when it is new. */
export function ensureVolume(
  db: DatabaseSync,
  target: VolumeTarget,
  chain: { chainId: number; market: string },
): VolumeRow {
  const id = fromHex(target.volumeId)
  const find = db.prepare('SELECT * FROM volume WHERE id = ?')
  const known = find.get(id) as unknown as VolumeRow | undefined
  const order = target.orderId.toString()
  if (!known) {
    db.prepare(
      `INSERT INTO volume (id, number, key_epoch, max_size, chain_id, market, orders) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ).run(
      id,
      target.number,
      target.keyEpoch,
      target.maxSize,
      chain.chainId,
      fromHex(chain.market.slice(2)),
      JSON.stringify([order]),
    )
  } else if (!(JSON.parse(known.orders) as string[]).includes(order)) {
    db.prepare('UPDATE volume SET orders = ? WHERE n = ?').run(
      JSON.stringify([...(JSON.parse(known.orders) as string[]), order]),
      known.n,
    )
  }
  return find.get(id) as unknown as VolumeRow
}

/**
 * The session to work on: the one in work when it extends the same base, else a new one. A session whose base is no
 * longer the base is forgotten: its bytes can't be agreed on any more.
 */
export function ensureSession(
  db: DatabaseSync,
  folder: string,
  volume: VolumeRow,
  base: Base,
  crypto: LogCrypto,
  bootId: string,
): SessionRow {
  const session = readSession(db)
  if (
    session &&
    session.volume === volume.n &&
    session.base_size === base.size &&
    session.base_root === base.root
  ) {
    const complete = session.root !== null
    return complete || session.boot === bootId ? session : retreatSession(db, session)
  }
  if (session) dropSession(db, folder, session)
  const generation = (readHead(db)?.generation ?? 0) + 1
  db.prepare(
    `INSERT INTO session (one, id, volume, gen, base_root, base_size, spooled, safe, boot, started)
     VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    Buffer.from(crypto.randomBytes(16)).toString('hex'),
    volume.n,
    generation,
    base.root,
    base.size,
    base.size,
    base.size,
    bootId,
    Date.now(),
  )
  const made = readSession(db)
  if (!made) throw new Error('the session was not kept')
  mkdirSync(spoolFolder(folder, made.id), { recursive: true, mode: 0o700 })
  return made
}

/** The machine went down, or its disk lost what was written last: goes on from what can't have been lost. */
export function retreatSession(db: DatabaseSync, session: SessionRow): SessionRow {
  const spooled = Math.max(session.base_size, session.safe)
  db.prepare('UPDATE session SET spooled = ?, tail = NULL').run(spooled)
  return { ...session, spooled, tail: null }
}

/** A kill may have left rows that point behind what became durable: forgets them, their bytes are written anew. */
export function trimSession(db: DatabaseSync, { gen, volume, spooled }: SessionRow): void {
  inTransaction(db, () => {
    db.prepare('DELETE FROM blob WHERE gen = ? AND volume = ? AND offset + stored > ?').run(
      gen,
      volume,
      spooled,
    )
    db.prepare('DELETE FROM probe WHERE gen = ? AND volume = ? AND offset + length > ?').run(
      gen,
      volume,
      spooled,
    )
  })
}

/** Forgets a session: its rows, probes and spool. */
export function dropSession(db: DatabaseSync, folder: string, session: SessionRow): void {
  inTransaction(db, () => {
    db.prepare('DELETE FROM blob WHERE gen = ?').run(session.gen)
    db.prepare('DELETE FROM probe WHERE gen = ?').run(session.gen)
    db.exec('DELETE FROM session')
  })
  removeSpool(folder, session.id)
}

export function removeSpool(folder: string, session: string): void {
  rmSync(spoolFolder(folder, session), { recursive: true, force: true })
}

/** The bytes of the base's last, partial chunk. null when they are not there: the cache must be rebuilt. */
export function readBoundary(
  folder: string,
  volumeId: string,
  baseSize: number,
  chunk: number,
): Buffer | null {
  const length = baseSize % chunk
  if (length === 0) return Buffer.alloc(0)
  try {
    const bytes = readFileSync(boundaryFile(folder, volumeId, baseSize))
    return bytes.length === length ? bytes : null
  } catch {
    return null
  }
}
