import { formatTime } from '@dmc/core/units/format-time'
import { formatTokens } from '@dmc/core/units/format-tokens'
import type { TRPCClient } from '@trpc/client'
import type { AppRouter, RouterOutputs } from '../../server/router.ts'
import { csvOf } from './csv.ts'

type Payment = RouterOutputs['money']['payments']['items'][number]

const HEAD = ['time (UTC)', 'kind', 'DMC', 'wei', 'order', 'bill', 'block', 'transaction'] as const
/** More would not fit into a page's memory at ease; it is said in the file. */
const MOST = 50_000

/** Reads all payments, a page at a time, and offers them as a file, the newest first. */
export async function exportPayments(
  api: Pick<TRPCClient<AppRouter>, 'money'>,
  fileName: string,
): Promise<void> {
  const payments: Payment[] = []
  let cursor: RouterOutputs['money']['payments']['next'] = null
  do {
    const page: RouterOutputs['money']['payments'] = await api.money.payments.query({
      limit: 200,
      ...(cursor === null ? {} : { cursor }),
    })
    payments.push(...page.items)
    cursor = page.next
  } while (cursor !== null && payments.length < MOST)
  const rows: (string | bigint)[][] = payments.map(rowOf)
  if (cursor !== null) rows.push([`older payments than these ${MOST} are left out`])
  const url = URL.createObjectURL(new Blob([csvOf(HEAD, rows)], { type: 'text/csv' }))
  const link = document.createElement('a')
  link.href = url
  link.download = `${fileName}.csv`
  link.click()
  URL.revokeObjectURL(url)
}

const rowOf = (payment: Payment) => [
  formatTime(payment.timestamp).replace(' UTC', ''),
  payment.kind,
  formatTokens(payment.amount, { digits: 18, symbol: '' }).trim().replaceAll(',', ''),
  payment.amount,
  payment.orderId ?? '',
  payment.billId ?? '',
  payment.blockNumber,
  payment.transactionHash,
]
