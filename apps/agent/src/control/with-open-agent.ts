import { existsSync } from 'node:fs'
import { DmcError } from '@dmc/core/errors/dmc-error'
import type { AgentContext } from '../agent-context.ts'
import type { ResolvedConfig } from '../config/resolve-config.ts'
import { keystoreFile } from '../keys/keystore-file.ts'
import type { UnlockedKeys } from '../keys/types.ts'
import { startControlServer } from './control-server.ts'
import { type DataDirLock, lockDataDir } from './lock-data-dir.ts'
import { openAgent } from './open-agent.ts'
import { runMethod } from './run-method.ts'

/** Lock, agent, control socket, `work`, and all of it away again in the opposite order, whatever happens. */
export async function withOpenAgent<T>(
  options: {
    config: Parameters<typeof openAgent>[0]
    keys: UnlockedKeys
    command: string
    path: string
    background: boolean
    /** How long to wait for a command that has the folder open. */
    patienceMs?: number
  },
  work: (ctx: AgentContext) => Promise<T>,
): Promise<T> {
  const lock = await lockPatiently(options.config.dataDir, options.command, options.patienceMs ?? 0)
  try {
    const ctx = await openAgent(options.config, options.keys, { background: options.background })
    try {
      const server = await startControlServer(
        options.path,
        (method, input, emit, signal) => runMethod(ctx, method, input, emit, signal),
        { background: options.background },
      )
      try {
        return await work(ctx)
      } finally {
        await server.close(options.background ? 0 : 10_000)
      }
    } finally {
      await ctx.close()
    }
  } finally {
    lock.release()
  }
}

/** @throws NOT_INITIALISED when `init` was never run for this data folder. */
export function requireInitialised({ dataDir }: Pick<ResolvedConfig, 'dataDir'>): void {
  if (existsSync(keystoreFile(dataDir))) return
  throw new DmcError('NOT_INITIALISED', `This host is not set up: there is no keystore in ${dataDir}.`, {
    hint: 'Run `dmc-agent init`, or name the right folder with --data-dir or DMC_DATA_DIR.',
  })
}

async function lockPatiently(dataDir: string, command: string, patienceMs: number): Promise<DataDirLock> {
  for (const until = Date.now() + patienceMs; ; ) {
    try {
      return lockDataDir(dataDir, command)
    } catch (error) {
      if (!DmcError.is(error) || error.code !== 'DATA_DIR_LOCKED' || Date.now() > until) throw error
      await new Promise((done) => setTimeout(done, 100))
    }
  }
}
