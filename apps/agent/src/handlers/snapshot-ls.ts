import { ENTRY_KIND, type NodeEntry } from '@dmc/core/log/node-entry'
import type { AgentContext } from '../agent-context.ts'
import type { Handler } from '../control/handler.ts'
import type { SnapshotEntry } from '../control/types.ts'
import { readName, showName } from '../path-text.ts'
import { listSnapshot } from '../source/list-snapshot.ts'
import { withSnapshot } from '../with-snapshot.ts'

const MOST = 100_000
const KINDS = {
  [ENTRY_KIND.file]: 'file',
  [ENTRY_KIND.directory]: 'directory',
  [ENTRY_KIND.symlink]: 'symlink',
  [ENTRY_KIND.hardlink]: 'hardlink',
  [ENTRY_KIND.listed]: 'not-stored',
} as const

/** A folder inside a snapshot, read from the miner and checked against the chain. */
export const snapshotLs: Handler<'snapshot.ls', AgentContext> = (ctx, input, _emit, signal) =>
  withSnapshot(
    ctx,
    { snapshot: input.snapshot, source: input.source, signal, onNote: () => {} },
    async (snapshot) => {
      const entries: SnapshotEntry[] = []
      const at = { path: readName(input.path), recursive: input.recursive }
      for await (const { path, entry } of listSnapshot(snapshot, at)) {
        entries.push(toRow(path, entry))
        if (entries.length >= MOST) break
      }
      return { entries }
    },
  )

function toRow(path: Uint8Array, entry: NodeEntry): SnapshotEntry {
  return {
    name: showName(entry.name),
    path: showName(path),
    kind: KINDS[entry.kind],
    mode: entry.mode,
    mtimeMs: Number(entry.mtimeNs / 1_000_000n),
    size: entry.size,
    target: entry.target ? showName(entry.target) : entry.linkPath ? showName(entry.linkPath) : null,
    reason:
      entry.kind === ENTRY_KIND.listed ? `${entry.listedAs}${entry.reason ? `: ${entry.reason}` : ''}` : null,
  }
}
