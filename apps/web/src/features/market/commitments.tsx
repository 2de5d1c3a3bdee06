import { formatSize } from '@dmc/core/units/format-size'
import { Equal, EqualNot, Hourglass } from 'lucide-react'
import { shortHex } from '../../lib/short-hex.ts'
import { CopyButton } from '../../ui/copy.tsx'

export interface Statement {
  root: string
  size: bigint
  signer?: string | null
}

/** Both sides' statements, side by side, and whether they agree: the heart of an order. */
export function Commitments({
  user,
  miner,
  inForce,
}: {
  user: Statement | null
  miner: Statement | null
  inForce: Statement | null
}) {
  const left = user ?? inForce
  const right = miner ?? inForce
  const agree = left !== null && right !== null && left.root === right.root && left.size === right.size
  const Icon = left === null || right === null ? Hourglass : agree ? Equal : EqualNot
  const verdict =
    left === null && right === null
      ? 'Nothing is stated yet'
      : left === null || right === null
        ? `Waiting for the ${left === null ? 'user' : 'miner'}`
        : agree
          ? 'Equal: the commitment is in force'
          : 'Not equal yet'
  return (
    <div className="grid items-stretch gap-px bg-line md:grid-cols-[1fr_auto_1fr]">
      <Side name="The user states" statement={left} />
      <div className="flex items-center justify-center gap-2 bg-surface px-4 py-3 md:flex-col md:py-6">
        <span
          className={`grid size-9 place-items-center rounded-full ${agree ? 'bg-ok-soft text-ok' : left !== null && right !== null ? 'bg-warn-soft text-warn' : 'bg-raised text-muted'}`}
        >
          <Icon className="size-4.5" aria-hidden />
        </span>
        <p className="max-w-36 text-xs text-muted md:text-center">{verdict}</p>
      </div>
      <Side name="The miner states" statement={right} />
    </div>
  )
}

function Side({ name, statement }: { name: string; statement: Statement | null }) {
  return (
    <div className="min-w-0 bg-surface px-5 py-5">
      <p className="text-xs text-muted">{name}</p>
      {statement === null ? (
        <p className="mt-1.5 text-muted">Nothing yet</p>
      ) : (
        <>
          <p className="mt-1.5 flex items-center gap-1 font-mono text-[0.8125rem]">
            <span className="clip-line" title={statement.root}>
              {shortHex(statement.root, 10)}
            </span>
            <CopyButton text={statement.root} label="Copy the root" />
          </p>
          <p className="tabular text-[0.8125rem]">{formatSize(statement.size)}</p>
          {statement.signer == null ? null : (
            <p className="mt-1 text-xs text-muted">
              signed by <span className="font-mono">{shortHex(statement.signer)}</span>
            </p>
          )}
        </>
      )}
    </div>
  )
}
