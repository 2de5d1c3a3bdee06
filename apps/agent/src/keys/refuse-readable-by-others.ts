import { DmcError } from '@dmc/core/errors/dmc-error'

/** @throws KEY_PERMISSIONS with the octal mode, unless only the owner can use the file. Windows has no such modes. */
export function refuseReadableByOthers(file: string, mode: number): void {
  if (process.platform === 'win32' || (mode & 0o077) === 0) return
  const octal = (mode & 0o7777).toString(8).padStart(4, '0')
  throw new DmcError('KEY_PERMISSIONS', `${file} has mode ${octal}: others can read or change it.`, {
    hint: `Run: chmod 600 ${file}. If its mode stays as it is, its file system has none (exFAT, FAT): move it to one that has.`,
  })
}
