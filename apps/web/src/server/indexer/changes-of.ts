import type { NewChange } from '@dmc/db/changes/note-changes'
import type { EventRow } from '@dmc/db/market/rows'

/** More than so many things at once (a first run, a rebuild) are told as one change: the market. */
const MANY = 100

/** What subscriptions are told about these events. Everything on chain is public, so nobody owns these changes. */
export function changesOf(events: readonly EventRow[]): NewChange[] {
  const named = new Set<string>()
  for (const { name, billId, orderId, args } of events) {
    if (orderId !== null) named.add(`order ${orderId}`)
    if (billId !== null) named.add(`bill ${billId}`)
    if (name === 'OperatorSet') named.add(`operator ${args.owner}`)
    if (name === 'EndpointSet') named.add(`endpoint ${args.miner}`)
    if (name === 'Withdrawn') named.add(`credit ${args.account}`)
  }
  if (named.size > MANY) return [WHOLE_MARKET]
  return [...named].map((text) => {
    const [topic = '', key = ''] = text.split(' ')
    return { topic, key, owner: null }
  })
}

export const WHOLE_MARKET: NewChange = { topic: 'market', key: '', owner: null }
