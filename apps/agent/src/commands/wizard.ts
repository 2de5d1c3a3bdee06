import { existsSync } from 'node:fs'
import { keystoreFile } from '../keys/keystore-file.ts'
import { fail } from '../output/io.ts'
import { init } from './init.ts'
import { configAfter, type PairOptions, pair } from './pair.ts'
import { run } from './run.ts'
import type { Action, Shell } from './shell.ts'

/** `dmc-agent` alone: what this host needs next. Set up, then paired, then running. */
export const wizard: Action<[], PairOptions> = async (shell, options) => {
  const { io, config } = shell
  const paired = config.values['dashboard.agentId'] !== undefined && existsSync(keystoreFile(config.dataDir))
  if (paired) return run(shell, {})
  if (!io.interactive) {
    throw fail(
      'NOT_PAIRED',
      'This host is not paired with a dashboard, and nobody is here to ask.',
      'Pair it with a token from the browser: dmc-agent init …, then dmc-agent pair --token dmc1_… --server https://…; without a dashboard: dmc-agent --help',
    )
  }
  let answered: string | null = null
  const remembering = (now: Shell): Shell => {
    const { askPassword } = now.caller
    if (!askPassword) return now
    const ask = async (attempt: number) => {
      if (attempt > 1 || answered === null) answered = await askPassword(attempt)
      return answered
    }
    return { ...now, caller: { ...now.caller, askPassword: ask } }
  }
  if (!existsSync(keystoreFile(config.dataDir))) {
    io.note('This host has no keys yet. First a recovery phrase, then a password for this host.')
    await init(shell, {
      chainLater: true,
      onPassword: (password) => {
        answered = password
      },
    })
  }
  const ready = remembering({ ...shell, config: configAfter(shell) })
  await pair(ready, options)
  return run({ ...ready, config: configAfter(shell) }, {})
}
