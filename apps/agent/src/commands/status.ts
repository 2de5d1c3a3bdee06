import { formatDuration } from '@dmc/core/units/format-duration'
import { formatTime } from '@dmc/core/units/format-time'
import { callAgent, callRunningAgent } from '../control/call-agent.ts'
import type { Status } from '../control/types.ts'
import type { Health } from '../health/health-report.ts'
import { cleanText } from '../output/clean-text.ts'
import { count, formatMs } from '../output/format.ts'
import type { Io } from '../output/io.ts'
import { printPairs } from '../output/print-table.ts'
import type { Action } from './shell.ts'
import { walletPairs } from './wallet-show.ts'

/** How this host stands, and what needs a person. */
export const status: Action<[], { health?: boolean }> = async ({ io, caller }, options) => {
  if (options.health) return showHealth(io, await callRunningAgent(caller, 'health.get', {}))
  const answer = await callAgent(caller, 'status.get', {})
  io.document('status', { status: answer })
  printPairs(io, agentPairs(io, answer))
  if (answer.jobs.length > 0) {
    io.print()
    for (const job of answer.jobs) {
      const percent = job.total > 0 ? ` ${Math.floor((100 * job.done) / job.total)} %` : ''
      io.print(`  ${job.kind} of ${cleanText(job.subject)}: ${cleanText(job.stage)}${percent}`)
    }
  }
  io.print()
  if (answer.attention.length === 0) io.print(io.colors.green('Nothing needs you.'))
  for (const { level, message, hint } of answer.attention) {
    const paint = level === 'error' ? io.colors.red : io.colors.yellow
    io.print(`${paint(`${level}:`)} ${cleanText(message)}`)
    io.print(`  next: ${cleanText(hint)}`)
  }
}

/** For scripts: the exit code says whether something needs a person. */
function showHealth(io: Io, health: Health): number {
  io.document('health', { health })
  if (health.ok) io.print(io.colors.green('Nothing needs you.'))
  for (const { level, message, hint, sinceMs } of health.alarms) {
    const paint = level === 'error' ? io.colors.red : io.colors.yellow
    io.print(`${paint(`${level}:`)} ${cleanText(message)} (since ${formatMs(sinceMs)})`)
    io.print(`  next: ${cleanText(hint)}`)
  }
  return health.ok ? 0 : 1
}

function agentPairs(io: Io, answer: Status): [string, string][] {
  const { chain, endpoint, orders } = answer
  const active = orders.filter(({ state }) => state === 'active').length
  const preparing = orders.filter(({ state }) => state === 'preparing').length
  const block = chain.error
    ? io.colors.red(cleanText(chain.error.message))
    : `block ${chain.block}, ${formatTime(chain.blockTime)}`
  const pairs: [string, string][] = [
    ['Agent', `${answer.version}, pid ${answer.pid}, up ${formatDuration(answer.uptimeSeconds)}`],
    ['Data folder', answer.dataDir],
    ['Chain', `${chain.chainId} by ${cleanText(chain.rpc)}`],
    ['', block],
    ['Market', chain.market],
  ]
  if (answer.wallet) pairs.push(...walletPairs(io, answer.wallet))
  if (answer.sectors.length > 0) {
    const published = endpoint.published
      ? cleanText(endpoint.published)
      : 'not on chain (dmc-agent endpoint set)'
    pairs.push(
      ['Endpoint', endpoint.running ? endpoint.listen : `${endpoint.listen} (not running)`],
      ['  published', published],
    )
  }
  pairs.push(
    ['Sources', count(answer.sources.length, 'source')],
    ['Sectors', count(answer.sectors.length, 'sector')],
    ['Orders', `${active} active, ${preparing} preparing, ${orders.length - active - preparing} others`],
  )
  if (answer.pendingTransactions.length > 0) {
    pairs.push([
      'Transactions',
      `${count(answer.pendingTransactions.length, 'transaction')} not yet confirmed`,
    ])
  }
  return pairs
}
