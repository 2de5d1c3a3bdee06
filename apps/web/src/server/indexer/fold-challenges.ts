import type { MarketEvent } from '@dmc/core/chain/decode-log'
import type { ChallengeRow } from '@dmc/db/market/rows'
import { MissingRow } from './missing-row.ts'

/** An order's challenges after one more of its events; the last one may be open. */
export function foldChallenges(
  challenges: readonly ChallengeRow[],
  event: MarketEvent,
  { timestamp, order }: { timestamp: bigint; order: { orderId: bigint; user: string; miner: string } },
): ChallengeRow[] {
  if (event.name === 'ChallengeOpened') {
    const { leafIndex, bond, challenger, deadline } = event.args
    const opened: ChallengeRow = {
      orderId: order.orderId,
      number: challenges.length + 1,
      user: order.user,
      miner: order.miner,
      state: 'open',
      leafIndex,
      bond,
      challenger,
      openedAt: timestamp,
      deadline,
      closedAt: null,
      closedBy: null,
      openedTx: event.transactionHash,
      closedTx: null,
      openedBlock: event.blockNumber,
      blockNumber: event.blockNumber,
    }
    return [...challenges, opened]
  }
  if (event.name !== 'ChallengeAnswered' && event.name !== 'OrderSlashed') return [...challenges]
  const open = challenges.at(-1)
  if (open === undefined) throw new MissingRow(event)
  const closed: ChallengeRow = {
    ...open,
    state: event.name === 'ChallengeAnswered' ? 'answered' : 'failed',
    closedAt: timestamp,
    closedBy: event.name === 'ChallengeAnswered' ? event.args.caller : event.args.rewardTo,
    closedTx: event.transactionHash,
    blockNumber: event.blockNumber,
  }
  return [...challenges.slice(0, -1), closed]
}
