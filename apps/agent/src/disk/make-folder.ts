import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * A folder and those above it, as far as they are missing. Node's own `recursive` never returns where a folder that is there
 * takes no new ones and calls that ENOENT, as everything below /proc does: one wrong path would stop the whole agent.
 * @throws the system's reason, with the path of the folder that can't be made
 */
export function makeFolder(path: string | Buffer, mode = 0o777): void {
  // latin1 keeps every byte of a name that is no UTF-8
  const text = typeof path === 'string' ? null : path.toString('latin1')
  const above = text === null ? dirname(path as string) : Buffer.from(dirname(text), 'latin1')
  try {
    make(path, mode)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || isFolder(above)) throw error
    makeFolder(above, mode)
    make(path, mode)
  }
}

function make(path: string | Buffer, mode: number): void {
  try {
    mkdirSync(path, { mode })
  } catch (error) {
    // EROFS and EACCES come before EEXIST on some systems
    if (!isFolder(path)) throw error
  }
}

const isFolder = (path: string | Buffer): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
