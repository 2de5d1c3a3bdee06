'use client'

import { formatSize } from '@dmc/core/units/format-size'
import { useQuery } from '@tanstack/react-query'
import { ChevronRight, File, Folder, FolderOpen } from 'lucide-react'
import { useTRPC } from '../../lib/trpc.ts'
import { Command } from '../../ui/copy.tsx'
import { ListState } from '../../ui/list-state.tsx'

/**
 * The folders that a host allows, and what is in them; the folder that is open is the one that is chosen. Names come from a file
 * system: they are shown as text, whatever they hold.
 */
export function FolderBrowser({
  agentId,
  root,
  path,
  onOpen,
}: {
  agentId: string
  root: 'read' | 'restore' | 'sector'
  path: string | null
  onOpen: (path: string | null) => void
}) {
  const trpc = useTRPC()
  const query = useQuery(
    trpc.agents.browse.queryOptions({ agentId, kind: root, path }, { staleTime: 30_000 }),
  )
  return (
    <div className="overflow-hidden rounded-lg border border-line">
      <nav
        aria-label="Folder"
        className="flex items-center gap-1 overflow-x-auto border-b border-line bg-raised/60 px-3 py-2 text-xs"
      >
        <button
          type="button"
          onClick={() => onOpen(null)}
          className="rounded px-1.5 py-0.5 font-medium whitespace-nowrap hover:bg-raised"
        >
          Allowed folders
        </button>
        {path === null ? null : <Crumbs path={path} onOpen={onOpen} />}
      </nav>
      <ListState
        query={query}
        rows={3}
        isEmpty={(data) => data.entries.length === 0}
        none={
          path === null
            ? {
                title: 'This host allows no folder yet',
                text: 'Nothing on a host can be seen or stored that was not allowed on the host itself.',
                action: <Command text={`dmc-agent config set roots.${root} ~/Documents`} />,
              }
            : { title: 'This folder is empty' }
        }
      >
        {(data) => (
          <ul className="max-h-72 overflow-y-auto p-1.5">
            {data.entries.map((entry) =>
              entry.kind === 'directory' ? (
                <li key={entry.path}>
                  <button
                    type="button"
                    onClick={() => onOpen(entry.path)}
                    className="group flex h-9 w-full items-center gap-2.5 rounded-md px-2.5 text-left text-[0.8125rem] -outline-offset-2 hover:bg-raised"
                  >
                    <Folder className="size-4 shrink-0 text-accent-text" aria-hidden />
                    <span className="clip-line flex-1">{path === null ? entry.path : entry.name}</span>
                    <ChevronRight className="size-4 shrink-0 text-muted" aria-hidden />
                  </button>
                </li>
              ) : (
                <li
                  key={entry.path}
                  className="flex h-9 items-center gap-2.5 px-2.5 text-[0.8125rem] text-muted"
                >
                  <File className="size-4 shrink-0" aria-hidden />
                  <span className="clip-line flex-1">{entry.name}</span>
                  {entry.bytes === null ? null : (
                    <span className="tabular text-xs">{formatSize(entry.bytes)}</span>
                  )}
                </li>
              ),
            )}
            {data.more > 0 ? <li className="px-2.5 py-2 text-xs text-muted">and {data.more} more</li> : null}
          </ul>
        )}
      </ListState>
      {path === null ? null : (
        <p className="flex items-center gap-2 border-t border-line bg-accent-soft px-4 py-2.5 text-[0.8125rem]">
          <FolderOpen className="size-4 shrink-0 text-accent-text" aria-hidden />
          <span className="shrink-0 text-soft">Chosen:</span>
          <span className="min-w-0 font-mono text-xs [overflow-wrap:anywhere]">{path}</span>
        </p>
      )}
    </div>
  )
}

function Crumbs({ path, onOpen }: { path: string; onOpen: (path: string) => void }) {
  const parts = path.split('/').filter((part) => part !== '')
  // Only the last two: further up may not be allowed, and what is refused is said there.
  const shown = parts.slice(-2)
  return (
    <>
      {shown.map((part, i) => {
        const full = `/${parts.slice(0, parts.length - shown.length + i + 1).join('/')}`
        return (
          <span key={full} className="flex items-center gap-1 whitespace-nowrap">
            <ChevronRight className="size-3 text-muted" aria-hidden />
            <button
              type="button"
              onClick={() => onOpen(full)}
              aria-current={full === path ? 'true' : undefined}
              className="max-w-40 truncate rounded px-1.5 py-0.5 hover:bg-raised aria-current:font-medium"
            >
              {part}
            </button>
          </span>
        )
      })}
    </>
  )
}
