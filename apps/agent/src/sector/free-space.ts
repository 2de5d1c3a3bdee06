import { statfs } from 'node:fs/promises'
import { DmcError } from '@dmc/core/errors/dmc-error'

/** Bytes that an ordinary process may still use on the disk of `path`. */
export async function freeSpace(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path)
  return bavail * bsize
}

const inGib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(2)} GiB (${bytes} bytes)`

export const notEnoughSpace = (where: string, have: number, need: number) =>
  new DmcError('NOT_ENOUGH_SPACE', `Not enough space ${where}: ${inGib(have)} free, ${inGib(need)} needed.`, {
    hint: 'Free space on that disk, or offer less.',
    meta: { have, need },
  })
