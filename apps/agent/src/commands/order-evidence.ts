import { resolve } from 'node:path'
import { createFileSafely } from '../config/write-file-safely.ts'
import { callAgent } from '../control/call-agent.ts'
import { count } from '../output/format.ts'
import { fail } from '../output/io.ts'
import { parseId } from './arguments.ts'
import type { Action } from './shell.ts'

export const orderEvidence: Action<[string, string]> = async ({ io, caller }, _options, order, path) => {
  const orderId = parseId(order, 'an order')
  const { text, events, answers, asOfBlock } = await callAgent(caller, 'order.evidence', { orderId })
  const file = resolve(path)
  if (createFileSafely(file, text) === 'exists') {
    throw fail('TARGET_NOT_EMPTY', `${file} is there already.`, 'Name a file that does not exist yet.')
  }
  io.document('order.evidence', { orderId, file, events, answers, asOfBlock })
  io.print(
    `Evidence of order ${orderId} up to block ${asOfBlock}: ${count(events, 'event')}, ${count(answers, 'signed answer')}.`,
  )
  io.print(`It is in ${file}. Anybody can check it: dmc-agent verify-evidence ${path} --rpc URL`)
}
