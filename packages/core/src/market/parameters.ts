/** What a Market is made with, for good: seconds and basis points. Read by `parameters()`. */
export interface MarketParameters {
  /** Seconds of a week. */
  week: bigint
  /** From an order's creation to the last first agreement. */
  prepareWindow: bigint
  /** From a challenge to its deadline. */
  answerWindow: bigint
  /** From a challenge's answer to the next challenge. */
  cooldown: bigint
  /** From a miner's notice to the end of the order. */
  notice: bigint
  /** Longest life of a bill's offer. */
  maxBillTerm: bigint
  /** Shares of a slashed pledge, and of a quitting miner's pledge for the user. */
  userShare: bigint
  reporterShare: bigint
  quitShare: bigint
}

const DAY = 86_400n
const WEEK = 7n * DAY

/** As deployed, on the devnet too; only tests use shorter ones (design: market). */
export const DEFAULT_PARAMETERS: MarketParameters = {
  week: WEEK,
  prepareWindow: 3n * DAY,
  answerWindow: DAY,
  cooldown: 3_600n,
  notice: WEEK,
  maxBillTerm: 104n * WEEK,
  userShare: 5_000n,
  reporterShare: 500n,
  quitShare: 2_000n,
}

/** Basis points of a whole. */
export const BASIS = 10_000n

/** Bounds of the Market's integer types: capacity uint32 MiB, price uint72, weeks and pledge rate uint16, money uint128. */
export const MARKET_LIMITS = {
  capacity: (1n << 32n) - 1n,
  price: (1n << 72n) - 1n,
  weeks: (1 << 16) - 1,
  pledgeRate: (1 << 16) - 1,
  money: (1n << 128n) - 1n,
  endpointBytes: 256,
  reasonBytes: 128,
} as const
