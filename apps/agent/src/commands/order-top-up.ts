import { parseCount } from './arguments.ts'
import type { MoneyOptions } from './confirm-plan.ts'
import { sendOrderAct } from './send-order-act.ts'
import type { Action } from './shell.ts'

export const orderTopUp: Action<[string], MoneyOptions & { challenges: string }> = async (
  shell,
  options,
  order,
) => {
  const challenges = parseCount(options.challenges, 'a number of challenges', { min: 1 })
  await sendOrderAct(shell, options, order, {
    act: { kind: 'top-up', challenges },
    document: 'order.topUp',
    done: (orderId) => `The reserve of order ${orderId} pays for ${challenges} more on-chain challenges.`,
  })
}
