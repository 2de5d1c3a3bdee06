import { callAgent } from '../control/call-agent.ts'
import { parseId } from './arguments.ts'
import type { Action } from './shell.ts'

export const watchRemove: Action<[string]> = async ({ io, caller }, _options, order) => {
  const { orderId } = await callAgent(caller, 'watch.remove', { orderId: parseId(order, 'an order') })
  io.document('watch.remove', { orderId })
  io.print(`Order ${orderId} is no longer watched.`)
}
