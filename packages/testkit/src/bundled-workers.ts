import { readdirSync } from 'node:fs'
import { createRequire, syncBuiltinESMExports } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Worker } from 'node:worker_threads'
import { agentBundle } from './agent-bundle.ts'

/**
 * Before each test file: worker threads of the agent run from the bundle, as they do where it is published. From source each of them
 * reads and strips some sixty files, and tests start thousands of them.
 */
const folder = dirname(await agentBundle())
const name = readdirSync(folder).find((file) => /^dmc-worker-[^.]+\.mjs$/.test(file))
if (name === undefined) throw new Error(`no workers in ${folder}`)
const workers = pathToFileURL(join(folder, name))
const threads = createRequire(import.meta.url)('node:worker_threads') as { Worker: typeof Worker }

threads.Worker = class extends threads.Worker {
  constructor(file: string | URL, options?: ConstructorParameters<typeof Worker>[1]) {
    super(
      file instanceof URL && file.pathname.endsWith('/src/worker/run-worker.ts') ? workers : file,
      options,
    )
  }
}
syncBuiltinESMExports()
