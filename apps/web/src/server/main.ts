// Starts the dashboard: `node src/server/main.ts` in apps/web. Type-stripping Node runs it as it is; Next compiles the pages.
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import { endProcess } from '@dmc/core/process/node-end-process'
import next from 'next'
import { readWebEnv } from '../env.ts'
import { logError } from './log-error.ts'
import { startServer } from './start-server.ts'

const APP = fileURLToPath(new URL('../..', import.meta.url))

// Whoever read the log has gone: no reason to stop, and Next would write that to the log again, without end.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

async function main(): Promise<void> {
  const env = readWebEnv()
  // Next binds its upgrade handling to a server that never listens: no upgrade reaches it unless we hand it on (development only)
  const never = createServer()
  const app = next({ dev: !env.production, dir: APP, httpServer: never, hostname: env.host, port: env.port })
  await app.prepare()
  const server = await startServer(env, {
    pages: (request, response) => app.getRequestHandler()(request, response),
    otherUpgrades: (request, socket, head) => never.emit('upgrade', request, socket, head),
  })
  console.error(`dashboard: ${server.origin} (chain ${env.chain.chainId}, Market ${env.chain.market})`)
  // one line for whoever started us
  process.stdout.write(
    `${JSON.stringify({ ready: true, url: server.url, origin: server.origin, port: server.port })}\n`,
  )
  let stopping = false
  const stop = () => {
    if (stopping) process.exit(130)
    stopping = true
    console.error('dashboard: stopping')
    Promise.allSettled([server.close(), app.close()]).then(() => endProcess(0))
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop)
}

main().catch((thrown: unknown) => {
  const error = toDmcError(thrown)
  console.error(`error: ${error.message} (${error.code})\n  next: ${error.hint}`)
  if (error.code === 'BUG') logError('start', thrown)
  return endProcess(error.exitCode)
})
