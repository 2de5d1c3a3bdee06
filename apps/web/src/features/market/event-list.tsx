import { shortHex } from '../../lib/short-hex.ts'
import { CopyButton } from '../../ui/copy.tsx'
import { When } from '../../ui/when.tsx'
import { eventText } from './event-text.ts'

export interface ShownEvent {
  name: string
  args: unknown
  blockNumber: bigint
  transactionHash: string
  logIndex: number
  timestamp: bigint
  confirmations?: number | bigint
}

/** What happened on chain, newest first: what, when, in which block and transaction. */
export function EventList({
  events,
  explorerUrl,
}: {
  events: readonly ShownEvent[]
  explorerUrl: string | null
}) {
  return (
    <ol className="px-4 py-2 sm:px-5">
      {events.map((event) => {
        const [title, sentence] = eventText(event.name, event.args)
        return (
          <li
            key={`${event.blockNumber}-${event.logIndex}`}
            className="relative grid gap-x-6 gap-y-1 border-l border-line py-3 pl-5 before:absolute before:top-[1.15rem] before:-left-[4.5px] before:size-2 before:rounded-full before:bg-accent before:ring-4 before:ring-surface sm:grid-cols-[1fr_auto]"
          >
            <div className="min-w-0">
              <p className="font-medium">{title}</p>
              <p className="text-[0.8125rem] text-muted [overflow-wrap:anywhere]">{sentence}</p>
            </div>
            <div className="text-xs text-muted sm:text-right">
              <p>
                <When at={event.timestamp} />
              </p>
              <p className="tabular flex items-center gap-1 sm:justify-end">
                block {String(event.blockNumber)} ·{' '}
                {explorerUrl === null ? (
                  <span className="font-mono">{shortHex(event.transactionHash)}</span>
                ) : (
                  <a
                    className="font-mono underline underline-offset-2"
                    href={`${explorerUrl}/tx/${event.transactionHash}`}
                    rel="noreferrer noopener"
                  >
                    {shortHex(event.transactionHash)}
                  </a>
                )}
                <CopyButton text={event.transactionHash} label="Copy the transaction" className="size-6" />
              </p>
            </div>
          </li>
        )
      })}
    </ol>
  )
}
