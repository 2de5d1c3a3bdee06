import type { AgentContext } from '../agent-context.ts'
import type { Handler } from '../control/handler.ts'
import { runChecks } from '../doctor/run-checks.ts'
import { readEnv } from '../env.ts'

export const doctorRun: Handler<'doctor.run', AgentContext> = async (ctx) => ({
  checks: await runChecks({
    dataDir: ctx.config.dataDir,
    chain: ctx.config.chain,
    owner: ctx.config.owner,
    env: readEnv(),
    sectors: () => ctx.sectors.list(),
  }),
})
