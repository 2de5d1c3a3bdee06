import type { Handler } from '../control/handler.ts'
import { loadHandler } from '../control/load-handler.ts'
import { runChecks } from '../doctor/run-checks.ts'
import { readEnv } from '../env.ts'

/** The checks of `dmc-agent doctor`, from inside the running agent. */
export const doctorRun: Handler<'doctor.run'> = async (ctx, _input, _emit, signal) => {
  const listSectors = await loadHandler('sector.list')
  return {
    checks: await runChecks({
      dataDir: ctx.config.dataDir,
      chain: ctx.config.chain,
      owner: ctx.config.owner,
      env: readEnv(),
      sectors: async () => (await listSectors(ctx, {}, () => {}, signal)).sectors,
    }),
  }
}
