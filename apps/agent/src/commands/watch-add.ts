import { resolve } from 'node:path'
import { formatTokens } from '@dmc/core/units/format-tokens'
import { callAgent } from '../control/call-agent.ts'
import { cleanText } from '../output/clean-text.ts'
import { fail } from '../output/io.ts'
import { parseAddress, parseId } from './arguments.ts'
import type { Action } from './shell.ts'

export interface WatchOptions {
  answerFrom?: string
  stubs?: string
  slash?: boolean
  rewardTo?: string
}

/** flow 14 */
export const watchAdd: Action<[string], WatchOptions> = async ({ io, caller }, options, order) => {
  const orderId = parseId(order, 'an order')
  // who names a wallet for the reward wants it
  const slash = options.slash === true || options.rewardTo !== undefined
  if (!slash && !options.answerFrom && !options.stubs) {
    throw fail(
      'USAGE',
      'Nothing was said that a watcher of this order should do.',
      'Give --answer-from, --slash or --stubs; dmc-agent watch add --help shows examples.',
    )
  }
  const watched = await callAgent(caller, 'watch.add', {
    orderId,
    slash,
    ...(options.answerFrom ? { answerFrom: resolve(options.answerFrom) } : {}),
    ...(options.stubs ? { stubs: resolve(options.stubs) } : {}),
    ...(options.rewardTo ? { rewardTo: parseAddress(options.rewardTo) } : {}),
  })
  io.document('watch.add', { watched })
  io.print(`Order ${orderId} is watched.`)
  if (watched.answerFrom) io.print(`  Its challenges are answered from ${cleanText(watched.answerFrom)}.`)
  if (watched.slash) {
    io.print(
      `  After a missed deadline it is slashed; that earns ${watched.rewardTo} ${formatTokens(watched.reward ?? 0n)}.`,
    )
  }
  if (watched.stubs) io.print('  Its miner is checked for the user.')
  io.note('The running agent does it: dmc-agent run')
}
