import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..')
const WEB = join(ROOT, 'apps/web')
const STAMP = join(WEB, '.next', 'dmc-sources')
/** What the built pages depend on. */
const SOURCES = ['apps/web/src', 'apps/web/public', 'packages/core/src']
const FILES = ['apps/web/package.json', 'apps/web/next.config.ts', 'package-lock.json']

function* filesIn(folder: string): Generator<string> {
  if (!existsSync(folder)) return
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* filesIn(path)
    else if (!/\.test\.tsx?$/.test(entry.name)) yield path
  }
}

function sourcesNow(): string {
  const hash = createHash('sha256')
  const all = [
    ...SOURCES.flatMap((folder) => [...filesIn(join(ROOT, folder))]),
    ...FILES.map((f) => join(ROOT, f)),
  ]
  for (const file of all.filter(existsSync).sort()) {
    const { size, mtimeMs } = statSync(file)
    hash.update(`${file} ${size} ${mtimeMs}\n`)
  }
  return hash.digest('hex')
}

/** The dashboard's pages are built and nothing that they depend on has changed since. */
export const pagesAreBuilt = (): boolean =>
  existsSync(join(WEB, '.next', 'BUILD_ID')) &&
  existsSync(STAMP) &&
  readFileSync(STAMP, 'utf8') === sourcesNow()

/** Builds the dashboard's pages unless they are built; half a minute on two cores. @throws with the build's own words */
export async function buildPages(onLine: (line: string) => void = () => {}): Promise<void> {
  if (pagesAreBuilt()) return
  const sources = sourcesNow()
  let said = ''
  const exitCode = await new Promise<number>((resolve, reject) => {
    const child = spawn('npm', ['run', '--silent', 'build', '-w', '@dmc/web'], {
      cwd: ROOT,
      env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const take = (data: Buffer) => {
      said = (said + data).slice(-8000)
      for (const line of String(data).split('\n')) if (line.trim() !== '') onLine(line.trim())
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 1))
  })
  if (exitCode !== 0) throw new Error(`The dashboard's pages could not be built (exit ${exitCode}):\n${said}`)
  writeFileSync(STAMP, sources)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildPages((line) => console.error(line))
}
