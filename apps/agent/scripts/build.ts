import { cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/**
 * The published agent: `dist/dmc-agent.mjs` and the parts of it that it loads when they are needed (a command that only asks the
 * running agent reads a fifth of all), `dist/dmc-worker-HASH.mjs` with what its worker threads do, in one file, as a thread reads and keeps
 * whole files; everything that is not native is in them. Beside them in `dist/prebuilt/` the accelerators, one file per platform, which
 * it works without. Runs on Node 22.15 and newer.
 */
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }

/** Native code, WebAssembly in a file of its own, or an entry of its own; installed beside the bundle. */
export const EXTERNAL = ['@chainsafe/hashtree', '@napi-rs/keyring', 'tiny-secp256k1']

/** Bundles the agent into an empty `folder`, with the accelerators beside it; returns the files' sizes in bytes. */
export async function buildAgent(folder: string): Promise<Record<string, number>> {
  const entry = (name: string, source: string, workers: string) => ({
    absWorkingDir: ROOT,
    entryPoints: { [name]: source },
    outdir: folder,
    splitting: workers !== '',
    // a running agent finds the workers of its own version, or none
    entryNames: workers === '' ? '[name]-[hash]' : '[name]',
    chunkNames: '[name]-[hash]',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node' as const,
    format: 'esm' as const,
    target: 'node22',
    external: EXTERNAL,
    // From dependencies' package.json files: their ESM, not their CommonJS twins.
    mainFields: ['module', 'main'],
    conditions: ['import', 'node'],
    define: {
      __DMC_BUNDLE__: 'true',
      __DMC_WORKERS__: JSON.stringify(workers),
      __DMC_VERSION__: JSON.stringify(version),
    },
    // Some dependencies are CommonJS and ask for Node's own modules by require().
    banner: {
      js: "import { createRequire as __dmcRequire } from 'node:module'; const require = __dmcRequire(import.meta.url);",
    },
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none' as const,
    metafile: true as const,
    logLevel: 'warning' as const,
  })
  const workers = await build(entry('dmc-worker', 'src/worker/run-worker.ts', ''))
  const [name = ''] = Object.keys(workers.metafile.outputs).map((path) => basename(path))
  const built = [workers, await build(entry('dmc-agent', 'src/cli.ts', name))]
  cpSync(join(ROOT, '../../packages/native/prebuilt'), join(folder, 'prebuilt'), { recursive: true })
  return Object.fromEntries(
    built.flatMap(({ metafile }) =>
      Object.entries(metafile.outputs).map(([path, { bytes }]) => [basename(path), bytes]),
    ),
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  rmSync(join(ROOT, 'dist'), { recursive: true, force: true })
  mkdirSync(join(ROOT, 'dist'))
  for (const [file, bytes] of Object.entries(await buildAgent(join(ROOT, 'dist'))))
    console.error(`dist/${file}: ${(bytes / 1024).toFixed(0)} KiB`)
}
