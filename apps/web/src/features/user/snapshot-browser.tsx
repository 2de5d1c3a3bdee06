'use client'

import { formatSize } from '@dmc/core/units/format-size'
import { useMutation, useQuery } from '@tanstack/react-query'
import { ArrowDownToLine, ChevronRight, File, Folder, Link2 } from 'lucide-react'
import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { count } from '../../lib/amounts.ts'
import { errorText } from '../../lib/error-text.ts'
import { useTRPC } from '../../lib/trpc.ts'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Field, Input, Select } from '../../ui/field.tsx'
import { ListState } from '../../ui/list-state.tsx'
import { PageHeader } from '../../ui/page.tsx'
import { When } from '../../ui/when.tsx'
import { Trouble } from '../transactions/transact-panel.tsx'

/** What is in a snapshot, as its host reads it from the miner; select and restore into a new folder. */
export function SnapshotBrowser({ sourceId, snapshotId }: { sourceId: string; snapshotId: string }) {
  const trpc = useTRPC()
  const source = useQuery(trpc.sources.get.queryOptions({ sourceId }))
  const [path, setPath] = useState('')
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const list = useQuery(trpc.snapshots.ls.queryOptions({ sourceId, snapshotId, path }, { staleTime: 60_000 }))
  const snapshot = source.data?.snapshots.find((each) => each.snapshotId === snapshotId)
  const parts = path.split('/').filter((part) => part !== '')
  const toggle = (entry: string) =>
    setChosen((now) => {
      const next = new Set(now)
      if (!next.delete(entry)) next.add(entry)
      return next
    })
  return (
    <>
      <PageHeader
        above={
          <span className="flex flex-wrap gap-1.5">
            <Link href="/u/sources" className="hover:text-text">
              Sources
            </Link>
            /
            <Link href={`/u/sources/${sourceId}`} className="hover:text-text">
              {source.data?.name ?? '…'}
            </Link>
          </span>
        }
        title={
          snapshot === undefined ? (
            'Snapshot'
          ) : (
            <>
              Snapshot of <When at={snapshot.takenAt.getTime() / 1000} absolute />
            </>
          )
        }
        about={
          snapshot === undefined ? undefined : `${count(snapshot.files)} files, ${formatSize(snapshot.bytes)}`
        }
        action={
          <RestoreDialog
            sourceId={sourceId}
            snapshotId={snapshotId}
            agentId={source.data?.agentId ?? null}
            name={source.data?.name ?? 'restored'}
            paths={[...chosen]}
          />
        }
      />
      <Card>
        <nav
          aria-label="Folder in the snapshot"
          className="flex items-center gap-1 overflow-x-auto border-b border-line px-4 py-2.5 text-[0.8125rem]"
        >
          <button
            type="button"
            onClick={() => setPath('')}
            className="rounded px-1.5 py-0.5 font-medium whitespace-nowrap hover:bg-raised"
          >
            {source.data?.name ?? 'Everything'}
          </button>
          {parts.map((part, i) => {
            const full = parts.slice(0, i + 1).join('/')
            return (
              <span key={full} className="flex items-center gap-1 whitespace-nowrap">
                <ChevronRight className="size-3.5 text-muted" aria-hidden />
                <button
                  type="button"
                  onClick={() => setPath(full)}
                  className="max-w-48 truncate rounded px-1.5 py-0.5 hover:bg-raised"
                >
                  {part}
                </button>
              </span>
            )
          })}
        </nav>
        <ListState
          query={list}
          isEmpty={(data) => data.entries.length === 0}
          none={{ title: 'This folder is empty' }}
        >
          {(data) => (
            <ul className="p-1.5">
              {data.entries.map((entry) => {
                const Icon = entry.kind === 'directory' ? Folder : entry.kind === 'file' ? File : Link2
                return (
                  <li
                    key={entry.path}
                    className="flex h-10 items-center gap-3 rounded-md px-3 text-[0.8125rem] hover:bg-raised/70"
                  >
                    <input
                      type="checkbox"
                      aria-label={`Select ${entry.name}`}
                      checked={chosen.has(entry.path)}
                      disabled={entry.kind === 'not-stored'}
                      onChange={() => toggle(entry.path)}
                      className="size-4 accent-(--accent)"
                    />
                    <Icon
                      className={`size-4 shrink-0 ${entry.kind === 'directory' ? 'text-accent-text' : 'text-muted'}`}
                      aria-hidden
                    />
                    {entry.kind === 'directory' ? (
                      <button
                        type="button"
                        onClick={() => setPath(entry.path)}
                        className="clip-line flex-1 rounded text-left font-medium hover:underline"
                      >
                        {entry.name}
                      </button>
                    ) : (
                      <span className="clip-line flex-1">
                        {entry.name}
                        {entry.kind === 'not-stored' ? (
                          <span className="text-muted"> (could not be read)</span>
                        ) : null}
                      </span>
                    )}
                    <span className="tabular hidden text-xs text-muted sm:block">
                      {entry.mtimeMs === 0 ? '' : <When at={entry.mtimeMs / 1000} absolute />}
                    </span>
                    <span className="tabular w-20 text-right text-xs text-muted">
                      {entry.kind === 'directory' ? '' : formatSize(entry.bytes)}
                    </span>
                  </li>
                )
              })}
              {data.more > 0 ? (
                <li className="px-3 py-2 text-xs text-muted">and {count(data.more)} more in this folder</li>
              ) : null}
            </ul>
          )}
        </ListState>
      </Card>
    </>
  )
}

function RestoreDialog({
  sourceId,
  snapshotId,
  agentId,
  name,
  paths,
}: {
  sourceId: string
  snapshotId: string
  agentId: string | null
  name: string
  paths: string[]
}) {
  const trpc = useTRPC()
  const router = useRouter()
  const [open, setOpen] = useState(false)
  const agents = useQuery(trpc.agents.list.queryOptions())
  const agent = agents.data?.find((each) => each.agentId === agentId)
  const roots = agent?.roots.restore ?? []
  const [root, setRoot] = useState('')
  const [folder, setFolder] = useState('')
  const start = useMutation({
    ...trpc.restores.start.mutationOptions(),
    onSuccess: () => router.push('/u/restores'),
  })
  const base = root === '' ? roots[0] : root
  const leaf = (
    folder.trim() === '' ? `restored-${name}-${snapshotId.slice(0, 6)}` : folder.trim()
  ).replaceAll('/', '-')
  const what =
    paths.length === 0 ? 'everything' : paths.length === 1 ? '1 selected' : `${count(paths.length)} selected`
  return (
    <Dialog
      open={open}
      onOpenChange={setOpen}
      title={`Restore ${what}`}
      about="Into a new folder: nothing that exists is ever overwritten from here."
      trigger={
        <Button look="primary">
          <ArrowDownToLine aria-hidden /> Restore {what}
        </Button>
      }
    >
      {roots.length === 0 ? (
        <Trouble
          title="This host allows no folder to restore into."
          text={
            <>
              Allow one on the host:{' '}
              <code className="font-mono">dmc-agent config set roots.restore ~/Restored</code>
            </>
          }
        />
      ) : (
        <div className="grid gap-4">
          <Field id="root" label={`Below, on ${agent?.name ?? 'the host'}`}>
            <Select id="root" value={base} onChange={(event) => setRoot(event.target.value)}>
              {roots.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </Select>
          </Field>
          <Field id="folder" label="New folder">
            <Input
              id="folder"
              value={folder}
              placeholder={leaf}
              maxLength={120}
              onChange={(event) => setFolder(event.target.value)}
            />
          </Field>
          <Button
            look="primary"
            size="large"
            disabled={start.isPending || agent?.online !== true}
            onClick={() =>
              start.mutate({
                sourceId,
                snapshotId,
                paths,
                target: `${base}/${leaf}`,
                requestKey: crypto.randomUUID(),
              })
            }
          >
            {agent?.online === true ? (start.isPending ? 'Starting…' : 'Restore') : 'The host is offline'}
          </Button>
          {start.error === null ? null : (
            <Trouble title={errorText(start.error).message} text={errorText(start.error).hint} />
          )}
        </div>
      )}
    </Dialog>
  )
}
