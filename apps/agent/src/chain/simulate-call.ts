import { revertDataIn, toReadError } from '@dmc/core/chain/chain-error'
import { decodeMarketError } from '@dmc/core/chain/market-errors'
import type { Address, Hex, PublicClient } from 'viem'

export interface Simulated {
  /** Gas limit to sign with: the estimate and a margin. Unused gas is not paid. */
  gas: bigint
}

/**
 * The other side's statement may be mined between estimate and inclusion and make the same call dearer (a second prepare activates
 * the order), so a share is not enough.
 */
const MARGIN = 100_000n

/**
 * Runs a call on the newest state without sending it.
 * @throws TX_REVERTED and the Market's own codes when it would revert; RPC_UNREACHABLE, RPC_BAD_ANSWER
 */
export async function simulateCall(
  client: PublicClient,
  call: { from: Address; to: Address; data: Hex; value: bigint; name: string },
): Promise<Simulated> {
  const { from: account, to, data, value } = call
  try {
    // asked at once, and the call heard first: an estimate may only say that it fails, not why
    const [called, estimated] = await Promise.allSettled([
      client.call({ account, to, data, value }),
      client.estimateGas({ account, to, data, value }),
    ])
    if (called.status === 'rejected') throw called.reason
    if (estimated.status === 'rejected') throw estimated.reason
    return { gas: (estimated.value * 5n) / 4n + MARGIN }
  } catch (error) {
    const revert = revertDataIn(error)
    if (revert === null) throw toReadError(error, `what ${call.name} would do`)
    throw decodeMarketError(revert)
  }
}
