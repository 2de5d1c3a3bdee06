import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { refuseReadableByOthers } from './refuse-readable-by-others.ts'

const MAX = 64 * 1024

/**
 * The text of a small file that holds a secret, without the line end. Read through one handle, so that the file that was
 * checked is the file that is read.
 * @param trusted true for systemd's credential folder, whose modes systemd answers for.
 * @throws KEY_MISSING, KEY_PERMISSIONS.
 */
export function readSecretFile(file: string, { trusted = false }: { trusted?: boolean } = {}): string {
  let handle: number
  try {
    handle = openSync(file, 'r')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error)
    throw new DmcError('KEY_MISSING', `${file} cannot be read: ${code}.`, {
      hint: 'Check the path, and that the user who runs this owns the file.',
      cause: error,
    })
  }
  try {
    const stat = fstatSync(handle)
    if (!stat.isFile()) throw notASecret(file, 'it is not a regular file')
    if (!trusted) refuseReadableByOthers(file, stat.mode)
    if (stat.size > MAX) throw notASecret(file, `it has ${stat.size} bytes`)
    const buffer = Buffer.alloc(MAX)
    return buffer.toString('utf8', 0, readSync(handle, buffer, 0, MAX, 0)).replace(/[\r\n]+$/, '')
  } finally {
    closeSync(handle)
  }
}

function notASecret(file: string, why: string): DmcError {
  return new DmcError('KEY_MISSING', `${file} does not look like a secret: ${why}.`, {
    hint: 'Name a small text file with mode 0600.',
  })
}
