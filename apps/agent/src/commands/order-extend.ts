import { parseTokens } from '@dmc/core/units/parse-tokens'
import { parseWeeks } from './arguments.ts'
import type { MoneyOptions } from './confirm-plan.ts'
import { sendOrderAct } from './send-order-act.ts'
import type { Action } from './shell.ts'

export const orderExtend: Action<[string], MoneyOptions & { weeks: string; maxPrice?: string }> = async (
  shell,
  options,
  order,
) => {
  const weeks = parseWeeks(options.weeks)
  const maxPrice = options.maxPrice === undefined ? undefined : parseTokens(options.maxPrice)
  await sendOrderAct(shell, options, order, {
    act: { kind: 'extend', weeks, maxPrice },
    document: 'order.extend',
    done: (orderId) => `Order ${orderId} runs ${weeks} ${weeks === 1 ? 'week' : 'weeks'} longer.`,
  })
}
