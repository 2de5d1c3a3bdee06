import type { Exact } from '../exact.ts'
import type * as db from '../generated/client.ts'

// What the chain's tables hold, with amounts as bigints. Times are unix seconds of the chain.

export type BillRow = Exact<db.Bill>
export type OrderRow = Exact<db.Order>
export type ChallengeRow = Exact<db.Challenge>
export type PaymentRow = Exact<db.Payment>
export type OperatorRow = Exact<db.Operator>
export type EndpointRow = db.Endpoint
export type BlockRow = db.ChainBlock
/** An event's arguments by name, integers as decimal text. */
export type EventArguments = Record<string, string | number | boolean>
export type EventRow = Omit<db.MarketEvent, 'args'> & { args: EventArguments }
