import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const PACKAGE_ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')

/** Path of a Foundry binary itself; the npm wrappers add a second of start-up. */
export function foundryBinary(tool: 'forge' | 'anvil'): string {
  const require = createRequire(import.meta.url)
  const platform = `@foundry-rs/${tool}-${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`
  const suffix = process.platform === 'win32' ? '.exe' : ''
  return join(dirname(require.resolve(`${platform}/package.json`)), 'bin', `${tool}${suffix}`)
}

/** Environment for forge: the compiler wrapper needs the `node` that runs us, first on the PATH. */
export function forgeEnv(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ''}`, ...extra }
}

/** Compiles the sources (not the tests) into `out/`; throws with forge's own words when that fails. */
export function buildSources(): void {
  const result = spawnSync(foundryBinary('forge'), ['build', '--skip', 'test', '--color', 'never'], {
    cwd: PACKAGE_ROOT,
    env: forgeEnv(),
    encoding: 'utf8',
  })
  if (result.status !== 0) throw new Error(`forge build failed:\n${result.stdout}${result.stderr}`)
}
