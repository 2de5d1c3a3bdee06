import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Set by the bundler. */
declare const __DMC_BUNDLE__: boolean | undefined

/** `bin/dmc-agent.mjs` of this very installation: the bundle lies in dist/, the source of this file in src/commands/. */
export function launcherPath(): string {
  const bundled = typeof __DMC_BUNDLE__ !== 'undefined' && __DMC_BUNDLE__
  const up = bundled ? '../bin/dmc-agent.mjs' : '../../bin/dmc-agent.mjs'
  return realpathSync(fileURLToPath(new URL(up, import.meta.url)))
}
