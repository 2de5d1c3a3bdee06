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
  createdAt: bigint
  /** Unix seconds: the last second in which orders are taken. */
  expiresAt: bigint
  cancelled: boolean
  /** Token wei locked for what is free. */
  pledge: bigint
  /** The bill's own endpoint, else its miner's default, else ''. */
  endpoint: string
  /** The same miner's bill before this one; 0n for the first. */
  previousOfMiner: bigint
}

/** The open challenge of an order; deadline in unix seconds, bond in token wei. */
export interface ChallengeOnChain {
  leafIndex: bigint
  deadline: bigint
  bond: bigint
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
  /** Not yet paid out, earned or not. 0 in a final state, as pledge and reserve. */
  escrow: bigint
  reserve: bigint
  pledge: bigint
  /** Paid to the miner so far by claims, and what `claim` would pay now. */
  claimed: bigint
  claimable: bigint
  /** End of the miner's notice; 0 when none was given. */
  noticeEndsAt: bigint
  /** Until when each side's wish to end stands; 0 when none. */
  endStatedByUser: bigint
  endStatedByMiner: bigint
  /** No challenge before this time; 0 when none was answered yet. */
  nextChallengeAt: bigint
  challenge: ChallengeOnChain | null
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
