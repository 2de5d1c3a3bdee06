import { parseDuration } from '@dmc/core/units/parse-duration'
import { fail } from '../output/io.ts'
import type { MoneyOptions } from './confirm-plan.ts'
import { type OrderAct, sendOrderAct } from './send-order-act.ts'
import type { Action } from './shell.ts'

export interface OrderEndOptions extends MoneyOptions {
  until?: string
  withdraw?: boolean
}

/** One side's wish to end an order at once; both sides' wishes end it. */
export const orderEnd: Action<[string], OrderEndOptions> = async (shell, options, order) => {
  const back = options.withdraw === true
  if (back && options.until !== undefined) {
    throw fail('USAGE', '--until and --withdraw say the opposite of each other.', 'Give one of them.')
  }
  const act: OrderAct = { kind: 'end', seconds: back ? 0n : secondsUntil(options.until ?? '7d') }
  await sendOrderAct(shell, options, order, {
    act,
    document: 'order.end',
    done: (orderId) =>
      back
        ? `The wish to end order ${orderId} is taken back.`
        : `The wish to end order ${orderId} stands; it ends when the other side wishes it, too. See it: dmc-agent order show ${orderId}`,
  })
}

/** `7d`, or a date: how long from now. */
function secondsUntil(text: string): bigint {
  if (!/^\d{4}-\d\d-\d\d/.test(text)) return parseDuration(text)
  const ms = Date.parse(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T23:59:59Z` : text)
  const seconds = Math.floor((ms - Date.now()) / 1000)
  if (!(seconds > 0)) {
    throw fail('USAGE', `'${text.slice(0, 40)}' is no time to come.`, 'For example: 7d, or 2031-01-31.')
  }
  return BigInt(seconds)
}
