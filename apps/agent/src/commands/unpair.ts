import { writeConfigFile } from '../config/config-file.ts'
import { lockHolder } from '../control/lock-data-dir.ts'
import { fail } from '../output/io.ts'
import type { Action } from './shell.ts'

/** Forgets the dashboard on this host; the wallet, its orders and all keys stay. */
export const unpair: Action = async ({ io, config }) => {
  const { 'dashboard.url': url, 'dashboard.agentId': agentId } = config.raw
  if (url === undefined && agentId === undefined) {
    throw fail('NOT_PAIRED', 'This host is not paired.', 'To pair it: dmc-agent pair')
  }
  const raw = { ...config.raw }
  delete raw['dashboard.url']
  delete raw['dashboard.agentId']
  writeConfigFile(config.configFile, raw)
  io.document('unpaired', { dashboard: url, agentId })
  io.print(`This host no longer dials ${String(url)}.`)
  io.note('Revoke it in the browser as well; what its key may do on chain only the wallet takes back.')
  const holder = lockHolder(config.dataDir)
  if (holder) io.note(`The running agent (pid ${holder.pid}) stays connected until its restart.`)
}
