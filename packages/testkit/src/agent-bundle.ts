import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildAgent } from '../../../apps/agent/scripts/build.ts'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../..')
const CACHE = join(ROOT, 'node_modules/.cache/dmc-agent')
const SOURCES = ['apps/agent/src', 'apps/agent/scripts', 'packages/core/src', 'packages/native/prebuilt']

function* files(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* files(path)
    else if (!/\.test\.ts$/.test(entry.name)) yield path
  }
}

let bundle: Promise<string> | null = null

/**
 * The agent as it is published, bundled, built when a source has changed since it was built last. Tests and the
 * demo run what users run; it starts faster than from source, too.
 */
export function agentBundle(): Promise<string> {
  bundle ??= build()
  return bundle
}

async function build(): Promise<string> {
  const hash = createHash('sha256')
  for (const source of SOURCES) {
    for (const file of [...files(join(ROOT, source))].sort()) {
      const { size, mtimeMs } = statSync(file)
      hash.update(`${file} ${size} ${mtimeMs}\n`)
    }
  }
  const folder = join(CACHE, hash.digest('hex').slice(0, 16))
  const file = join(folder, 'dmc-agent.mjs')
  if (existsSync(file)) return file
  // several test files may build at once: each builds its own, the first one in place stays
  const own = `${folder}.${process.pid}`
  mkdirSync(own, { recursive: true })
  await buildAgent(own)
  try {
    renameSync(own, folder)
  } catch (error) {
    rmSync(own, { recursive: true, force: true })
    if (!existsSync(file)) throw error
  }
  return file
}
