import { parseWeeks } from './arguments.ts'
import type { MoneyOptions } from './confirm-plan.ts'
import { sendOrderAct } from './send-order-act.ts'
import type { Action } from './shell.ts'

export const orderShorten: Action<[string], MoneyOptions & { weeks: string }> = async (
  shell,
  options,
  order,
) => {
  const weeks = parseWeeks(options.weeks)
  await sendOrderAct(shell, options, order, {
    act: { kind: 'shorten', weeks },
    document: 'order.shorten',
    done: (orderId) =>
      `Order ${orderId} has ${weeks} weeks in all now; what comes back is credit: dmc-agent wallet withdraw pays it out.`,
  })
}
