import { withAgent } from '../control/call-agent.ts'
import type { MethodInput } from '../control/methods.ts'
import { parseId } from './arguments.ts'
import { confirmPlan, followTransactions, type MoneyOptions } from './confirm-plan.ts'
import type { Shell } from './shell.ts'

export type OrderAct = MethodInput<'order.act'>['act']

/** Shows what the act does to the order, asks, sends it, and says that it is done. */
export async function sendOrderAct(
  shell: Shell,
  options: MoneyOptions,
  order: string,
  { act, document, done }: { act: OrderAct; document: string; done: (orderId: bigint) => string },
): Promise<void> {
  const orderId = parseId(order, 'an order')
  await withAgent(shell.caller, async (agent) => {
    const { plan } = await agent.call('order.act', { mode: 'preview', orderId, act })
    if (!(await confirmPlan(shell, plan, options))) return
    const execute = { mode: 'execute', orderId, act } as const
    const answer = await agent.call('order.act', execute, followTransactions(shell))
    shell.io.document(document, { orderId, hashes: answer.done?.hashes })
    shell.io.print(done(orderId))
  })
}
