import { formatSize } from '@dmc/core/units/format-size'
import Link from 'next/link'
import { shortHex } from '../../lib/short-hex.ts'
import { Badge } from '../../ui/badge.tsx'

export interface ProvenOrder {
  orderId: bigint
  size: bigint
  userRoot: string
  minerRoot: string
}

const LEAVES = ['x0', 'x1', 'x2', 'x3', 'x4', 'x5', 'x6', 'x7'] as const

/** What "proven" means, drawn: two trees over the same bytes, made by two parties, meet in one commitment. The newest real order, when there is one. */
export function HeroProof({ order }: { order: ProvenOrder | null }) {
  return (
    <figure className="relative rounded-2xl border border-line bg-surface p-5 shadow-lift sm:p-6">
      <svg
        viewBox="0 0 320 150"
        className="w-full"
        role="img"
        aria-label="Two trees of hashes that end in one root"
      >
        {[0, 1].map((side) => {
          const x = side === 0 ? 8 : 176
          return (
            <g
              key={side}
              transform={`translate(${x} 8)`}
              stroke="var(--line-strong)"
              strokeWidth="1"
              fill="none"
            >
              {LEAVES.map((leaf, i) => (
                <path key={leaf} d={`M${8 + i * 17} 118 L${16.5 + Math.floor(i / 2) * 34} 86`} />
              ))}
              {[0, 1, 2, 3].map((i) => (
                <path key={i} d={`M${16.5 + i * 34} 86 L${33.5 + Math.floor(i / 2) * 68} 54`} />
              ))}
              {[0, 1].map((i) => (
                <path key={i} d={`M${33.5 + i * 68} 54 L67.5 22`} />
              ))}
              {LEAVES.map((leaf, i) => (
                <rect
                  key={leaf}
                  x={2 + i * 17}
                  y={112}
                  width={12}
                  height={12}
                  rx={3}
                  fill="var(--raised)"
                  stroke="var(--line-strong)"
                />
              ))}
              {[0, 1, 2, 3].map((i) => (
                <circle key={i} cx={16.5 + i * 34} cy={86} r={5} fill="var(--surface)" />
              ))}
              {[0, 1].map((i) => (
                <circle key={i} cx={33.5 + i * 68} cy={54} r={6} fill="var(--surface)" />
              ))}
              <circle cx={67.5} cy={22} r={8} fill="var(--accent)" stroke="none" />
            </g>
          )
        })}
        <path d="M86 30 H232" stroke="var(--accent)" strokeWidth="1.5" strokeDasharray="3 4" fill="none" />
      </svg>
      <figcaption className="mt-4 grid gap-3 text-[0.8125rem]">
        <div className="grid grid-cols-2 gap-3">
          <div>
            <p className="text-xs text-muted">The user states</p>
            <p className="font-mono">{order === null ? 'root, size' : shortHex(order.userRoot, 6)}</p>
          </div>
          <div className="text-right">
            <p className="text-xs text-muted">The miner states</p>
            <p className="font-mono">{order === null ? 'root, size' : shortHex(order.minerRoot, 6)}</p>
          </div>
        </div>
        <div className="flex flex-wrap items-center justify-between gap-2 border-t border-line pt-3">
          <Badge tone="ok">Equal, so the order is active</Badge>
          {order === null ? (
            <span className="text-xs text-muted">one tree each, computed apart</span>
          ) : (
            <Link
              href={`/orders/${order.orderId}`}
              prefetch={false}
              className="text-xs text-muted underline decoration-line-strong underline-offset-3 hover:text-text"
            >
              Order {String(order.orderId)} · {formatSize(order.size)} · on chain
            </Link>
          )}
        </div>
      </figcaption>
    </figure>
  )
}
