import { randomUUID } from 'node:crypto'
import { BLOB_TYPE } from '@dmc/core/log/blob'
import { ENTRY_KIND } from '@dmc/core/log/node-entry'
import type { AgentContext } from '../agent-context.ts'
import { findContract } from '../contract/contract-rows.ts'
import type { Handler } from '../control/handler.ts'
import type { RestoreEvent, RestoreResult } from '../control/types.ts'
import { readName } from '../path-text.ts'
import { mustBeNobodys } from '../restore-place.ts'
import { listSnapshot, type OpenedSnapshot } from '../source/list-snapshot.ts'
import { restoreSnapshot } from '../source/restore-snapshot.ts'
import { crashPoint } from '../store/crash-point.ts'
import { withSnapshot } from '../with-snapshot.ts'

/** Names that an answer has room for; all of them are counted. */
const MOST_TOLD = 1000

/** flow 11: a whole snapshot, folders or files; every chunk is verified against the chain before a byte of it is used. */
export const restoreStart: Handler<'restore.start', AgentContext> = (ctx, input, emit, signal) =>
  restoreInto(undefined)(ctx, input, emit, signal)

/** Into that very folder (`folderId`), which is there at `to`; nothing else is made or followed. */
export const restoreInto =
  (folder: string | undefined): Handler<'restore.start', AgentContext> =>
  async (ctx, input, emit, signal) => {
    if (!input.verifyOnly) await mustBeNobodys(ctx, input.to)
    return ctx.jobs.run<RestoreResult, RestoreEvent>(
      { key: `restore ${randomUUID()}`, kind: 'restore', subject: input.snapshot, signal, emit },
      (tell, stop, job) =>
        withSnapshot(
          ctx,
          {
            snapshot: input.snapshot,
            source: input.source,
            signal: stop,
            onNote: (text) => tell({ type: 'stage', stage: 'find', text }),
          },
          async (snapshot, source) => {
            const started = performance.now()
            const result = empty(snapshot.snapshotId, input.to, input.verifyOnly)
            const paths = input.paths.length === 0 ? [Buffer.alloc(0)] : input.paths.map(readName)
            const show = (
              bytes: number,
              total: number | null,
              files: number,
              filesTotal: number | null,
              current: string,
            ) => {
              if (total !== null && bytes > 0 && bytes < total) crashPoint('restoring')
              Object.assign(job, { stage: 'restore', done: bytes, total: total ?? 0 })
              tell({
                type: 'progress',
                stage: input.verifyOnly ? 'verify' : 'restore',
                done: bytes,
                total: total ?? 0,
                files,
                filesTotal: filesTotal ?? 0,
                current,
              })
            }
            for (const path of paths) {
              if (input.verifyOnly) await verify(snapshot, path, result, stop, show)
              else {
                const restored = await restoreSnapshot({
                  snapshot,
                  target: input.to,
                  ...(folder === undefined ? {} : { folder }),
                  path,
                  signal: stop,
                  onProgress: (p) =>
                    show(
                      result.bytes + p.bytes,
                      p.bytesTotal,
                      result.files + p.files,
                      p.filesTotal,
                      p.current,
                    ),
                  ...(input.intoExisting || input.overwrite !== 'never' || paths.length > 1
                    ? { overwrite: input.overwrite }
                    : {}),
                })
                result.files += restored.files
                result.directories += restored.directories
                result.links += restored.links
                result.bytes += restored.bytes
                result.kept += restored.skipped
                result.failed.push(...restored.missing.slice(0, MOST_TOLD - result.failed.length))
                result.failedCount += restored.missingCount
                result.unset.push(...restored.unset.slice(0, MOST_TOLD - result.unset.length))
                result.unsetCount += restored.unsetCount
              }
            }
            result.seconds = (performance.now() - started) / 1000
            // what was just read and proven needs no question
            for (const { orderId, commitment, bytes } of source.proven()) {
              if (bytes > 0 && findContract(ctx.store, orderId, 'user'))
                ctx.checks.noteRestored(orderId, commitment, bytes)
            }
            ctx.journal.add({
              level: result.failedCount + result.unsetCount > 0 ? 'warning' : 'info',
              event: input.verifyOnly ? 'verified' : 'restored',
              subject: `snapshot:${snapshot.snapshotId}`,
              message: `Snapshot ${snapshot.snapshotId.slice(0, 12)}: ${result.files} files, ${result.bytes} bytes ${input.verifyOnly ? 'verified' : `restored to ${input.to}`}${result.failedCount > 0 ? `; ${result.failedCount} entries failed` : ''}${result.unsetCount > 0 ? `; ${result.unsetCount} are without their owner, mode or time` : ''}.`,
            })
            return result
          },
        ),
    )
  }

/** Reads, proves and opens everything below a path; writes nothing. */
async function verify(
  snapshot: OpenedSnapshot,
  path: Buffer,
  result: RestoreResult,
  signal: AbortSignal,
  show: (
    bytes: number,
    total: number | null,
    files: number,
    filesTotal: number | null,
    current: string,
  ) => void,
): Promise<void> {
  const { totals } = snapshot.record
  for await (const { path: at, entry } of listSnapshot(snapshot, { path, recursive: true })) {
    signal.throwIfAborted()
    if (entry.kind === ENTRY_KIND.directory) result.directories++
    if (entry.kind === ENTRY_KIND.symlink || entry.kind === ENTRY_KIND.hardlink) result.links++
    // FIFOs, sockets and devices are never stored, and no loss
    if (entry.listedAs === 'unreadable' || entry.listedAs === 'changed') {
      result.failedCount++
      if (result.failed.length < MOST_TOLD)
        result.failed.push({
          path: at.toString(),
          reason: `it was not stored: ${entry.reason ?? entry.listedAs}`,
        })
    }
    if (entry.kind !== ENTRY_KIND.file) continue
    for await (const bytes of snapshot.blobs.bytesOf(
      BLOB_TYPE.content,
      snapshot.blobs.slicesOf(entry.content),
    )) {
      result.bytes += bytes.length
      show(result.bytes, path.length === 0 ? totals.bytes : null, result.files, totals.files, at.toString())
    }
    result.files++
  }
}

const empty = (snapshotId: string, to: string, verifyOnly: boolean): RestoreResult => ({
  snapshotId,
  to,
  files: 0,
  directories: 0,
  links: 0,
  bytes: 0,
  kept: 0,
  failed: [],
  failedCount: 0,
  unset: [],
  unsetCount: 0,
  seconds: 0,
  verifyOnly,
})
