import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')
const SOURCES = join(ROOT, 'src')

/** The committed file for a platform and architecture. */
export const prebuiltFile = (target = `${process.platform}-${process.arch}`): string =>
  join(ROOT, 'prebuilt', `${target}.node`)

/** What a file was built from: SHA-256 over the names and bytes of all sources. The addon exports it. */
export function sourceHash(): string {
  const hash = createHash('sha256')
  for (const name of readdirSync(SOURCES).sort()) {
    hash
      .update(`${name}\0`)
      .update(readFileSync(join(SOURCES, name)))
      .update('\0')
  }
  return hash.digest('hex')
}

/** The C compiler at hand (gcc, clang or cc), or null. */
export function findCompiler(): string | null {
  for (const compiler of ['gcc', 'clang', 'cc']) {
    try {
      execFileSync(compiler, ['--version'], { stdio: 'ignore' })
      return compiler
    } catch {
      // not installed
    }
  }
  return null
}

/**
 * Builds the addon for this machine's Linux on x64. It links to nothing: its only open symbols are Node-API's, so that
 * the age of the C library on the machine that loads it does not matter.
 *
 * @throws when the compiler fails
 */
export function buildAddon(compiler: string, outfile: string): void {
  const headers = join(
    dirname(createRequire(import.meta.url).resolve('node-api-headers/package.json')),
    'include',
  )
  mkdirSync(dirname(outfile), { recursive: true })
  execFileSync(
    compiler,
    [
      ...['-std=c11', '-O3', '-Wall', '-Wextra', '-Werror', '-fPIC', '-shared', '-fvisibility=hidden'],
      // no C library, and nothing that asks for one
      ...['-nostdlib', '-ffreestanding', '-fno-stack-protector', '-fno-builtin'],
      // the same source gives the same file wherever it lies
      ...['-s', '-Wl,--build-id=none', '-Wl,-z,relro,-z,now,-z,noexecstack', `-ffile-prefix-map=${ROOT}=.`],
      `-DDMC_SOURCE_HASH="${sourceHash()}"`,
      ...['-I', headers, '-o', outfile, join(SOURCES, 'addon.c')],
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  )
  chmodSync(outfile, 0o644)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const compiler = findCompiler()
  if (compiler === null) throw new Error('No C compiler: install gcc or clang.')
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`The accelerator is for linux-x64, not ${process.platform}-${process.arch}.`)
  }
  const outfile = process.argv[2] ?? prebuiltFile()
  buildAddon(compiler, outfile)
  console.error(`${outfile}: ${statSync(outfile).size} bytes`)
}
