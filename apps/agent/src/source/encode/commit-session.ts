import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { toHex } from '@dmc/core/log/bytes'
import { CHUNK_SIZE } from '@dmc/core/merkle/constants'
import { inTransaction } from '../../store/in-transaction.ts'
import {
  boundaryFile,
  MANIFEST,
  manifestFile,
  SPOOL_SEGMENT,
  spoolFile,
  volumeFolder,
} from '../source-paths.ts'
import { removeSpool } from './encode-session.ts'
import type { SessionRow, VolumeRow } from './log-db.ts'
import { disk, readFully, syncFolder } from './spool-io.ts'

/**
 * Both prepares agreed on what the session encoded (flow 10): its blobs are in force, its snapshot is the newest, and
 * the next session begins at its end. Called again after a kill it does the rest.
 */
export function commitSession(
  db: DatabaseSync,
  folder: string,
  session: SessionRow,
  volume: VolumeRow,
): void {
  const size = session.spooled
  const volumeId = toHex(volume.id)
  keepBoundary(folder, session.id, volumeId, size)
  inTransaction(db, () => {
    db.prepare('UPDATE volume SET committed_size = ?, committed_root = ? WHERE n = ?').run(
      size,
      session.root,
      volume.n,
    )
    if (session.segment_from !== null) {
      db.prepare('DELETE FROM segment WHERE gen_from >= ?').run(session.segment_from)
      db.prepare('INSERT INTO segment (gen_to, gen_from, rows) VALUES (?, ?, ?)').run(
        session.gen,
        session.segment_from,
        session.segment_rows,
      )
    }
    db.prepare(
      `INSERT OR REPLACE INTO head (one, generation, volume, footer_offset, catalog, root_entry, result, manifest)
       VALUES (1, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(session.gen, volume.n, size - 1024, session.catalog, session.root_entry, session.result, session.id)
    db.exec('DELETE FROM session')
  })
  sweep(db, folder)
}

/** The last, partial chunk stays on this disk: the next session goes on from it without asking the miner. */
function keepBoundary(folder: string, session: string, volumeId: string, size: number): void {
  const length = size % CHUNK_SIZE
  if (length === 0) return
  const bytes = Buffer.allocUnsafe(length)
  const start = size - length
  const spool = openSync(spoolFile(folder, session, Math.floor(start / SPOOL_SEGMENT)), 'r')
  try {
    readFully(spool, bytes, start % SPOOL_SEGMENT)
  } finally {
    closeSync(spool)
  }
  const file = boundaryFile(folder, volumeId, size)
  const fd = disk(() => openSync(`${file}.new`, 'w', 0o600))
  try {
    disk(() => writeSync(fd, bytes))
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  renameSync(`${file}.new`, file)
  syncFolder(volumeFolder(folder, volumeId))
}

/** Deletes what no row names any more: old manifests, spools and boundaries. */
export function sweep(db: DatabaseSync, folder: string): void {
  const manifests = new Set<string>()
  const sessions = new Set<string>()
  for (const { id } of db.prepare('SELECT id FROM session').all() as { id: string }[]) {
    manifests.add(manifestFile(folder, id))
    sessions.add(id)
  }
  for (const { manifest } of db.prepare('SELECT manifest FROM head').all() as { manifest: string | null }[]) {
    if (manifest) manifests.add(manifestFile(folder, manifest))
  }
  for (const name of readdirSync(folder)) {
    const file = join(folder, name)
    if (MANIFEST.test(name) && !manifests.has(file)) rmSync(file, { force: true })
  }
  for (const name of names(join(folder, 'spool'))) {
    if (!sessions.has(name)) removeSpool(folder, name)
  }
  const sizes = db.prepare('SELECT id, committed_size FROM volume').all() as unknown as VolumeRow[]
  for (const { id, committed_size } of sizes) {
    const at = volumeFolder(folder, toHex(id))
    for (const name of names(at)) {
      if (name.startsWith('boundary-') && name !== `boundary-${committed_size}`)
        rmSync(join(at, name), { force: true })
    }
  }
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
