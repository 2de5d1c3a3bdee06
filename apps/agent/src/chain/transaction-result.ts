import { decodeLogs } from '@dmc/core/chain/decode-log'
import type { DmcError } from '@dmc/core/errors/dmc-error'
import { reviveError } from '@dmc/core/errors/to-dmc-error'
import type { Address } from 'viem'
import type { TransactionRow } from './transaction-rows.ts'
import type { TransactionResult } from './transaction-types.ts'

/** What a row that has ended means: its result, or the error to throw; null while it is on its way. */
export function outcomeOf(
  row: TransactionRow,
  market: Address,
): { result: TransactionResult } | { error: DmcError } | null {
  if (row.state === 'confirmed') {
    return {
      result: {
        intent: row.intent,
        name: row.name,
        sender: row.sender,
        hash: row.hash,
        nonce: row.nonce,
        blockNumber: row.blockNumber ?? 0n,
        blockHash: row.blockHash ?? '0x',
        gasUsed: row.gasUsed ?? 0n,
        feeWei: row.feeWei ?? 0n,
        events: decodeLogs(market, row.logs ?? []),
      },
    }
  }
  if (row.state === 'failed' || row.state === 'replaced') {
    return { error: reviveError(row.error === null ? {} : JSON.parse(row.error)) }
  }
  return null
}
