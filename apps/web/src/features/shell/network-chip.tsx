'use client'

import { useQuery } from '@tanstack/react-query'
import { count } from '../../lib/amounts.ts'
import { useChainConfig } from '../../lib/chain-config.tsx'
import { useTRPC } from '../../lib/trpc.ts'

/** Chain, newest block, and whether what is shown lags behind it. */
export function NetworkChip() {
  const trpc = useTRPC()
  const config = useChainConfig()
  const status = useQuery({ ...trpc.chain.status.queryOptions(), refetchInterval: 15_000 })
  const { data } = status
  const lag = Number(data?.lag ?? 0n)
  const trouble = status.error !== null || (data !== undefined && data.head === null)
  const late = lag > 5
  const words = trouble ? 'chain can’t be read' : late ? `${lag} blocks behind` : null
  return (
    <div
      className="flex h-8 min-w-0 items-center gap-2 rounded-lg border border-line bg-surface px-2.5 text-xs"
      title={`${config.chainName}, chain ${config.chainId}`}
    >
      <span
        aria-hidden
        className={`size-2 shrink-0 rounded-full ${trouble ? 'bg-bad' : late ? 'bg-warn' : data === undefined ? 'bg-line-strong' : 'bg-ok'}`}
      />
      <span className="clip-line font-medium">{config.chainName}</span>
      <span className="tabular hidden text-muted sm:inline">
        {words ?? (data?.head == null ? '…' : `#${count(data.head.number)}`)}
      </span>
      {words === null ? null : <span className="text-warn sm:hidden">{words}</span>}
    </div>
  )
}
