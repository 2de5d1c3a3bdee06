import { BASIS, type MarketParameters } from './parameters.ts'
import { weekPrice } from './week-price.ts'

/** The miner's locked tokens for a capacity, in token wei: its week price x pledge rate. */
export function pledge(price: bigint, capacity: bigint, pledgeRate: number | bigint): bigint {
  return weekPrice(price, capacity) * BigInt(pledgeRate)
}

/** How a slashed pledge is divided: shares are cut off to whole wei, what is left over is burned with the rest. */
export function divideSlashedPledge(
  amount: bigint,
  parameters: Pick<MarketParameters, 'userShare' | 'reporterShare'>,
): { user: bigint; reporter: bigint; burned: bigint } {
  const user = (amount * parameters.userShare) / BASIS
  const reporter = (amount * parameters.reporterShare) / BASIS
  return { user, reporter, burned: amount - user - reporter }
}
