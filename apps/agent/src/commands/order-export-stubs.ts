import { resolve } from 'node:path'
import { callAgent } from '../control/call-agent.ts'
import { cleanText } from '../output/clean-text.ts'
import { parseId } from './arguments.ts'
import type { Action } from './shell.ts'

export const orderExportStubs: Action<[string, string]> = async ({ io, caller }, _options, order, file) => {
  const orderId = parseId(order, 'an order')
  const { path } = await callAgent(caller, 'order.exportStubs', { orderId, path: resolve(file) })
  io.document('order.export-stubs', { orderId, path })
  io.print(`The stubs of order ${orderId} are in ${cleanText(path)}.`)
  io.note(
    'Who has this file can have the miner prove what it stores, and read the ciphertext of this source’s volumes; it opens no file, and it can neither change nor delete anything.',
  )
}
