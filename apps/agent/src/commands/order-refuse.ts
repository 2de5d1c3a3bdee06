import type { MoneyOptions } from './confirm-plan.ts'
import { sendOrderAct } from './send-order-act.ts'
import type { Action } from './shell.ts'

export const orderRefuse: Action<[string, string], MoneyOptions> = async (shell, options, order, reason) => {
  await sendOrderAct(shell, options, order, {
    act: { kind: 'refuse', reason },
    document: 'order.refuse',
    done: (orderId) => `Order ${orderId} is refused; the user has the money back.`,
  })
}
