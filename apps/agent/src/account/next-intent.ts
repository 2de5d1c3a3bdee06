import type { TransactionSender } from '../chain/send-transaction.ts'

/**
 * Names a wish that a person may have again later, like two more weeks for the same order: what is on its way is joined, so a repeated
 * command sends nothing twice; what is done is done, and the same words are a new wish.
 */
export function nextIntent({ find }: Pick<TransactionSender, 'find'>, wish: string): string {
  for (let n = 0; ; n++) {
    const intent = `${wish}:${n}`
    const earlier = find(intent)
    if (earlier === null || earlier === 'pending') return intent
  }
}
