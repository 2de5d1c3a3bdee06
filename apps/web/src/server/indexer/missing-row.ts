import type { MarketEvent } from '@dmc/core/chain/decode-log'

/** An event is about something of which no row tells: the rows are not this chain's, and are to be made again. */
export class MissingRow extends Error {
  constructor(event: Pick<MarketEvent, 'name' | 'blockNumber'>) {
    super(`${event.name} in block ${event.blockNumber} is about something that the database does not know`)
    this.name = 'MissingRow'
  }
}
