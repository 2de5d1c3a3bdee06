import type { Address, Hex } from 'viem'
import type { OrderState } from '../market/states.ts'

/** `{root, size}` of an order's data; size in bytes, a multiple of 1,024. */
export interface Commitment {
  root: Hex
  size: bigint
}

/** A bill as the Market keeps it. Money in token wei; price per GiB-week; capacity and step in MiB. */
export interface BillOnChain {
  billId: bigint
  miner: Address
  /** MiB of the bill as published, less what was shrunk. */
  capacity: bigint
  /** MiB not yet sold. */
  free: bigint
  step: bigint
  price: bigint
  pledgeRate: number
  minWeeks: number
  maxWeeks: number
  bond: bigint
  /** Unix seconds. */
  expiresAt: bigint
  cancelled: boolean
  endpoint: string
}

/** One side's statement of the commitment (flow 7, flow 10); null when nothing is stated. */
export interface PrepareOnChain extends Commitment {
  signer: Address
}

/** An order as the Market keeps it. Money in token wei, times in unix seconds, capacity in MiB. */
export interface OrderOnChain {
  orderId: bigint
  billId: bigint
  user: Address
  miner: Address
  state: OrderState
  capacity: bigint
  weeks: number
  price: bigint
  pledgeRate: number
  bond: bigint
  createdAt: bigint
  /** 0 while preparing. */
  start: bigint
  /** 0 while preparing. */
  endsAt: bigint
  escrow: bigint
  reserve: bigint
  pledge: bigint
  /** The commitment in force; null before the first agreement. */
  commitment: Commitment | null
  userPrepare: PrepareOnChain | null
  minerPrepare: PrepareOnChain | null
  /** The same owner's order before this one; 0n for the first. */
  previousOfUser: bigint
}

export interface OperatorOnChain {
  /** Bit set of `OPERATOR_SCOPES`. */
  scopes: number
  /** Unix seconds. */
  expiresAt: bigint
}

/** Bits as in Market.sol. */
export const OPERATOR_SCOPES = { PREPARE: 1, CHALLENGE: 2, REFUSE: 4, ENDPOINT: 8 } as const

/**
 * What the services read from the chain, at the confirmed head unless said. Implemented by `apps/agent/src/chain`.
 * Every method throws RPC_UNREACHABLE / RPC_BAD_ANSWER; `order` and `bill` throw ORDER_NOT_FOUND / BILL_NOT_FOUND.
 */
export interface MarketReader {
  readonly chainId: number
  readonly market: Address
  order(orderId: bigint): Promise<OrderOnChain>
  bill(billId: bigint): Promise<BillOnChain>
  /** Scopes 0 when not authorised; expiry is compared with chain time by the caller. */
  operator(owner: Address, operator: Address): Promise<OperatorOnChain>
  /** Endpoint of the bill, or the miner's default; '' when none is set. */
  endpoint(billId: bigint): Promise<string>
  /** Timestamp of the newest block, unix seconds. */
  chainTime(): Promise<bigint>
}
