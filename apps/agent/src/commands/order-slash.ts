import { parseAddress } from './arguments.ts'
import type { MoneyOptions } from './confirm-plan.ts'
import { sendOrderAct } from './send-order-act.ts'
import type { Action } from './shell.ts'

export const orderSlash: Action<[string], MoneyOptions & { rewardTo?: string }> = async (
  shell,
  options,
  order,
) => {
  const rewardTo = options.rewardTo === undefined ? undefined : parseAddress(options.rewardTo)
  await sendOrderAct(shell, options, order, {
    act: { kind: 'slash', rewardTo },
    document: 'order.slash',
    done: (orderId) => `Order ${orderId} is slashed; what each side is owed is its credit.`,
  })
}
