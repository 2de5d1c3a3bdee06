import { cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/**
 * The published agent: one file, `dist/dmc-agent.mjs`, with everything in it that is not native, and beside it in
 * `dist/prebuilt/` the accelerators, one file per platform, which it works without. Runs on Node 22.15 and newer.
 * `--meta FILE` also writes esbuild's account of what is in it.
 */
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }

/** Native code, WebAssembly in a file of its own, or an entry of its own; installed beside the bundle. */
export const EXTERNAL = ['@chainsafe/hashtree', '@napi-rs/keyring', 'tiny-secp256k1']

/** Bundles the agent into one file, with the accelerators beside it; returns its size in bytes. */
export async function buildAgent(outfile: string): Promise<number> {
  const result = await build({
    absWorkingDir: ROOT,
    entryPoints: ['src/cli.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    external: EXTERNAL,
    // From dependencies' package.json files: their ESM, not their CommonJS twins.
    mainFields: ['module', 'main'],
    conditions: ['import', 'node'],
    define: { __DMC_BUNDLE__: 'true', __DMC_VERSION__: JSON.stringify(version) },
    // Some dependencies are CommonJS and ask for Node's own modules by require().
    banner: {
      js: "import { createRequire as __dmcRequire } from 'node:module'; const require = __dmcRequire(import.meta.url);",
    },
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  })
  cpSync(join(ROOT, '../../packages/native/prebuilt'), join(dirname(outfile), 'prebuilt'), {
    recursive: true,
  })
  return Object.values(result.metafile.outputs)[0]?.bytes ?? 0
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  rmSync(join(ROOT, 'dist'), { recursive: true, force: true })
  mkdirSync(join(ROOT, 'dist'))
  const bytes = await buildAgent(join(ROOT, 'dist/dmc-agent.mjs'))
  console.error(`dist/dmc-agent.mjs: ${(bytes / 1024).toFixed(0)} KiB`)
}
