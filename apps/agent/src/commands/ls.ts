import { formatSize } from '@dmc/core/units/format-size'
import { callAgent } from '../control/call-agent.ts'
import type { SnapshotEntry } from '../control/types.ts'
import { formatMs } from '../output/format.ts'
import { printTable } from '../output/print-table.ts'
import type { Action } from './shell.ts'

export const ls: Action<[string, string | undefined], { source?: string; recursive?: boolean }> = async (
  { io, caller },
  options,
  snapshot,
  path = '',
) => {
  const { entries } = await callAgent(caller, 'snapshot.ls', {
    snapshot,
    path,
    recursive: options.recursive === true,
    ...(options.source ? { source: options.source } : {}),
  })
  io.document('ls', { snapshot, path, entries })
  const name = (row: SnapshotEntry) => (options.recursive ? row.path : row.name)
  printTable(io, entries, [
    { title: 'Mode', text: modeText },
    { title: 'Size', text: (row) => (row.kind === 'file' ? formatSize(row.size) : '–'), align: 'right' },
    { title: 'Modified', text: (row) => formatMs(row.mtimeMs) },
    {
      title: 'Name',
      text: (row) => {
        if (row.kind === 'directory') return `${name(row)}/`
        if (row.kind === 'not-stored') return `${name(row)}  (not stored: ${row.reason ?? 'unknown'})`
        return row.target === null ? name(row) : `${name(row)} -> ${row.target}`
      },
      paint: (text, row) => (row.kind === 'directory' ? io.colors.cyan(text) : text),
    },
  ])
}

const KINDS = { file: '-', directory: 'd', symlink: 'l', hardlink: '-', 'not-stored': '?' } as const

/** `drwxr-xr-x`, as ls writes it; set-id and sticky bits included. */
function modeText({ kind, mode }: SnapshotEntry): string {
  const special = [0o4000, 0o2000, 0o1000]
  const groups = [6, 3, 0].map((shift, index) => {
    const bits = mode >> shift
    const set = (mode & (special[index] ?? 0)) !== 0
    const letter = index === 2 ? 't' : 's'
    const last = bits & 1 ? (set ? letter : 'x') : set ? letter.toUpperCase() : '-'
    return `${bits & 4 ? 'r' : '-'}${bits & 2 ? 'w' : '-'}${last}`
  })
  return KINDS[kind] + groups.join('')
}
