import type { MarketEvent } from '@dmc/core/chain/decode-log'
import type { EndpointRow, OperatorRow } from '@dmc/db/market/rows'
import { storable } from './event-row.ts'

type Named<N extends MarketEvent['name']> = Extract<MarketEvent, { name: N }>

export const endpointRow = ({ args, blockNumber }: Named<'EndpointSet'>): EndpointRow => ({
  miner: args.miner,
  billId: args.billId,
  url: storable(args.url),
  blockNumber,
})

/** `gasFloat` is the sum of what was forwarded before. */
export const operatorRow = ({ args, blockNumber }: Named<'OperatorSet'>, gasFloat: bigint): OperatorRow => ({
  owner: args.owner,
  operator: args.operator,
  scopes: Number(args.scopes),
  expiresAt: args.expiresAt,
  gasFloat: gasFloat + args.gasFloat,
  blockNumber,
})
