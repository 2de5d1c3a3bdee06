import type { MoneyOptions } from './confirm-plan.ts'
import { sendOrderAct } from './send-order-act.ts'
import type { Action } from './shell.ts'

export const orderQuit: Action<[string], MoneyOptions> = (shell, options, order) =>
  sendOrderAct(shell, options, order, {
    act: { kind: 'quit' },
    document: 'order.quit',
    done: (orderId) =>
      `Notice is given: order ${orderId} ends when it is over. Keep the data and answer until then.`,
  }).then(() => undefined)
