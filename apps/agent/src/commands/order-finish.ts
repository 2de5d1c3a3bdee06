import type { MoneyOptions } from './confirm-plan.ts'
import { sendOrderAct } from './send-order-act.ts'
import type { Action } from './shell.ts'

export const orderFinish: Action<[string], MoneyOptions> = (shell, options, order) =>
  sendOrderAct(shell, options, order, {
    act: { kind: 'finish' },
    document: 'order.finish',
    done: (orderId) =>
      `Order ${orderId} is settled; what each side is owed is its credit: dmc-agent wallet withdraw pays it out.`,
  }).then(() => undefined)
