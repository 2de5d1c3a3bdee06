import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { COMPILE_CACHE, NODE_FLAGS } from '@dmc/testkit/node-flags'
import { buildPages, pagesAreBuilt } from './dashboard/build-pages.ts'

/**
 * `npm start`: the dashboard alone, against the chain and database of the environment (docs/ENVIRONMENT.md). Builds its pages
 * when they are not built; its signals and its exit code are the server's.
 */
const WEB = fileURLToPath(new URL('../apps/web', import.meta.url))

if (!pagesAreBuilt()) {
  console.error('Building the pages (half a minute, the first time) ...')
  await buildPages((line) => console.error(`  ${line}`))
}
const server = spawn(process.execPath, [...NODE_FLAGS, join(WEB, 'src/server/main.ts')], {
  stdio: 'inherit',
  env: { ...process.env, NODE_ENV: 'production', NODE_COMPILE_CACHE: COMPILE_CACHE },
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => server.kill(signal))
server.on('exit', (code) => process.exit(code ?? 1))
