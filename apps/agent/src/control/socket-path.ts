import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { makeFolder } from '../disk/make-folder.ts'

/** The shortest limit among Unix systems is 104 bytes with the closing NUL (macOS); Linux has 108. */
const MAX_BYTES = 100

/**
 * Where the agent of this data folder listens: `agent.sock` in it, or, when that path is too long for a Unix socket, a name
 * made from the folder's path in the user's runtime folder. Pure: creates nothing.
 */
export function socketPath(dataDir: string, runtimeDir: string | null): string {
  const folder = resolve(dataDir)
  const hash = createHash('sha256').update(folder).digest('hex').slice(0, 24)
  if (process.platform === 'win32') return `\\\\.\\pipe\\dmc-agent-${hash}`
  const direct = join(folder, 'agent.sock')
  if (Buffer.byteLength(direct) <= MAX_BYTES) return direct
  const short = runtimeDir === null ? null : join(runtimeDir, `dmc-agent-${hash}.sock`)
  if (short !== null && Buffer.byteLength(short) <= MAX_BYTES) return short
  return join(tmpdir(), `dmc-agent-${process.getuid?.() ?? 0}`, `${hash}.sock`)
}

/**
 * Makes the folder of a socket outside the data folder, and refuses one that others could have put there.
 * @throws TARGET_UNWRITABLE.
 */
export function prepareSocketFolder(path: string): void {
  const folder = resolve(path, '..')
  makeFolder(folder, 0o700)
  const { uid, mode } = statSync(folder)
  const own = process.getuid === undefined || uid === process.getuid()
  if (own && (mode & 0o022) === 0) return
  if (!own) {
    throw new DmcError('TARGET_UNWRITABLE', `The folder ${folder} belongs to another user (uid ${uid}).`, {
      hint: `Run the command as that user, for example: sudo -u '#${uid}' dmc-agent status`,
    })
  }
  const octal = (mode & 0o7777).toString(8).padStart(4, '0')
  throw new DmcError(
    'TARGET_UNWRITABLE',
    `The folder ${folder} (mode ${octal}, uid ${uid}) is open to others.`,
    {
      hint: 'Make it yours with mode 0700, or use a data folder with a shorter path.',
    },
  )
}
