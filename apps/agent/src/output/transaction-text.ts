import type { TransactionEvent } from '../control/types.ts'
import { cleanText } from './clean-text.ts'
import { shortHex } from './format.ts'

/** A line for the states of a transaction that a person waits for; null for each confirmation in between. */
export function transactionText(event: TransactionEvent): string | null {
  const name = cleanText(event.name)
  if (event.state === 'sent') return `${name}: sent, ${shortHex(event.hash)}`
  if (event.state === 'mined') {
    return event.confirmations > 1 ? null : `${name}: mined, waiting for ${event.wanted} confirmations`
  }
  const gas = event.gasUsed === undefined ? '' : `, ${event.gasUsed.toLocaleString('en-US')} gas`
  return `${name}: confirmed${gas}`
}
