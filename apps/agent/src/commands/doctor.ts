import { connectControl } from '../control/control-client.ts'
import { socketPath } from '../control/socket-path.ts'
import type { CheckResult } from '../control/types.ts'
import type { DoctorContext } from '../doctor/check.ts'
import { runChecks } from '../doctor/run-checks.ts'
import { cleanText } from '../output/clean-text.ts'
import { count } from '../output/format.ts'
import type { Io } from '../output/io.ts'
import type { Action, Shell } from './shell.ts'

/** Needs no password and no running agent; asks the running one about its sectors. Exits 1 when a check failed. */
export const doctor: Action = async (shell) => {
  const { io } = shell
  const checks = await runChecks(await contextOf(shell), (check) => show(io, check))
  const failures = checks.filter(({ result }) => result === 'failed').length
  const warnings = checks.filter(({ result }) => result === 'warning').length
  io.document('doctor', { ok: failures === 0, failed: failures, warnings, checks })
  io.print()
  if (failures + warnings === 0) io.print(io.colors.green('All is well.'))
  else io.print(`${count(failures, 'check')} failed, ${count(warnings, 'warning')}.`)
  return failures > 0 ? 1 : 0
}

async function contextOf({ config, env, signal }: Shell): Promise<DoctorContext> {
  const { values, dataDir } = config
  const { 'chain.rpcUrls': rpcUrls, 'chain.chainId': chainId, 'chain.market': market } = values
  const running = await connectControl(socketPath(dataDir, env.runtimeDir)).catch(() => null)
  return {
    dataDir,
    chain:
      rpcUrls && chainId && market
        ? {
            rpcUrls,
            chainId,
            market,
            token: values['chain.token'] ?? null,
            confirmations: values['chain.confirmations'] ?? 12,
          }
        : null,
    owner: values.owner ?? null,
    env,
    sectors: running && (async () => (await running.call('sector.list', {}, { signal })).sectors),
  }
}

function show(io: Io, { title, result, detail, fix }: CheckResult): void {
  const { green, yellow, red, dim, bold } = io.colors
  const mark = {
    ok: green('ok         '),
    warning: yellow('warning    '),
    failed: red('FAILED     '),
    'not checked': dim('not checked'),
  }
  io.print(`${mark[result]}  ${bold(title)}: ${cleanText(detail)}`)
  if (fix !== '') io.print(`             fix: ${cleanText(fix)}`)
}
