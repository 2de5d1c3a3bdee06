import { inflateRawSync } from 'node:zlib'
import { type EvidenceBundle, signedExchange } from '@dmc/core/evidence/bundle'
import type { Store } from './store/open-store.ts'

/** Of one exchange, unpacked: 64 leaves with their paths are less than a megabyte. */
const MOST_BYTES = 4 * 1024 * 1024

/** The miner's signed answers about an order that checks have kept, oldest first, as a bundle writes them. */
export function keptAnswers(store: Store, orderId: bigint): EvidenceBundle['answers'] {
  const rows = store.db
    .prepare(
      'SELECT at_ms, outcome, evidence FROM order_check WHERE order_id = ? AND evidence IS NOT NULL ORDER BY n',
    )
    .all(orderId.toString())
  return rows.flatMap((row) => {
    const text = inflateRawSync(row.evidence as Uint8Array, { maxOutputLength: MOST_BYTES }).toString('utf8')
    const exchange = signedExchange.safeParse(JSON.parse(text, decimal))
    // a row that this version can't read is no evidence
    if (!exchange.success) return []
    return [{ askedMs: Number(row.at_ms), outcome: String(row.outcome), exchange: exchange.data }]
  })
}

/** The wire writes small integers as numbers, a bundle all of them as decimal text; `v` stays a number. */
const decimal = (key: string, value: unknown): unknown =>
  typeof value === 'number' && key !== 'v' ? String(value) : value
