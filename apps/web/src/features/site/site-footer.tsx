import { count } from '../../lib/amounts.ts'
import { shortHex } from '../../lib/short-hex.ts'

/** Which chain and which Market this dashboard reads, on every public page. */
export function SiteFooter({
  chain,
}: {
  chain: { name: string; chainId: number; market: string; block: bigint | null; lag: number | null } | null
}) {
  return (
    <footer className="mt-16 border-t border-line">
      <div className="mx-auto flex max-w-6xl flex-wrap items-center justify-between gap-x-6 gap-y-2 px-4 py-6 text-xs text-muted sm:px-6">
        <p>The chain decides money. The agents decide data. The dashboard decides nothing.</p>
        {chain === null ? (
          <p>The chain can’t be read at the moment.</p>
        ) : (
          <p className="tabular">
            {chain.name} ({chain.chainId}) · Market{' '}
            <span className="font-mono" title={chain.market}>
              {shortHex(chain.market)}
            </span>
            {chain.block === null ? '' : ` · block ${count(chain.block)}`}
            {chain.lag === null || chain.lag <= 2 ? '' : ` · ${chain.lag} blocks behind`}
          </p>
        )}
      </div>
    </footer>
  )
}
