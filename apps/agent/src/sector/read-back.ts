import { read as readFile, readSync } from 'node:fs'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { CHUNK_SIZE } from '@dmc/core/merkle/constants'
import { directLength, refusesDirect } from '../disk/direct-io.ts'
import { storageError } from './storage-error.ts'

/** An order's data file in the hashing worker. */
export interface ReadableFile {
  readonly path: string
  readonly fd: number
  /** The same file around the page cache: what is hashed is what the disk gives back. null where that can't be. */
  direct: number | null
}

/** One read's result, or what it means for the next one. `most` bytes were asked of the direct descriptor, if any. */
const took = (file: ReadableFile, at: number, most: number, error: unknown, got: number): number => {
  if (error !== null) {
    if (most === 0 || !refusesDirect(error)) throw storageError(error, file.path, `reading at byte ${at}`)
    file.direct = null
    return 0
  }
  // never hash a short read
  if (got === 0) throw damaged(file.path, [Math.floor(at / CHUNK_SIZE)], 'the file is too short')
  return got
}

const directly = (file: ReadableFile, into: Uint8Array, done: number, offset: number): number =>
  file.direct === null ? 0 : directLength(into, done, into.length - done, offset + done)

/** Fills `into` from the file, holding up this thread. @throws SECTOR_DAMAGED, also when the file is shorter */
export const readNow = (file: ReadableFile, offset: number, into: Uint8Array): Uint8Array => {
  for (let done = 0; done < into.length; ) {
    const most = directly(file, into, done, offset)
    const fd = most > 0 && file.direct !== null ? file.direct : file.fd
    let got = 0
    let failure: unknown = null
    try {
      got = readSync(fd, into, done, most || into.length - done, offset + done)
    } catch (error) {
      failure = error
    }
    done += took(file, offset + done, most, failure, got)
  }
  return into
}

/** The same without holding up this thread: the disk works while it hashes what came before. */
const readAhead = async (file: ReadableFile, offset: number, into: Uint8Array): Promise<Uint8Array> => {
  for (let done = 0; done < into.length; ) {
    const most = directly(file, into, done, offset)
    const fd = most > 0 && file.direct !== null ? file.direct : file.fd
    const at = offset + done
    const from = done
    done += await new Promise<number>((resolve, reject) => {
      readFile(fd, into, from, most || into.length - from, at, (error, got) => {
        try {
          resolve(took(file, at, most, error, got))
        } catch (failure) {
          reject(failure)
        }
      })
    })
  }
  return into
}

/** Goes through pieces of the file in order, each read while the one before it is in work. */
export const eachRead = async (
  file: ReadableFile,
  pieces: readonly { offset: number; into: Uint8Array }[],
  work: (data: Uint8Array, index: number) => void,
): Promise<void> => {
  const start = (index: number): Promise<Uint8Array> | null => {
    const piece = pieces[index]
    return piece ? readAhead(file, piece.offset, piece.into) : null
  }
  let next = start(0)
  try {
    for (let index = 0; next !== null; index++) {
      const data = await next
      next = start(index + 1)
      work(data, index)
    }
  } finally {
    // its memory is lent again when we are done
    await next?.catch(() => {})
  }
}

/** SECTOR_DAMAGED with the chunks in `meta`, for the journal. */
export function damaged(path: string, chunks: number[], why: string): DmcError {
  const shown = chunks.slice(0, 8).join(', ')
  return new DmcError('SECTOR_DAMAGED', `${path}: chunk ${shown} is damaged: ${why}.`, {
    hint: 'Check the disk. Nobody takes wrong data for right: the user has the root that all of it must lead to.',
    meta: { chunks: chunks.slice(0, 64).join(',') },
  })
}
