import type { SendOptions } from './chain/transaction-types.ts'
import type { TransactionEvent } from './control/types.ts'

/** How a handler follows a transaction: its progress goes to the caller, who may leave at any time. */
export function progressOf(emit: (event: TransactionEvent) => void, signal: AbortSignal): SendOptions {
  return { signal, onProgress: (progress) => emit({ type: 'transaction', ...progress }) }
}
