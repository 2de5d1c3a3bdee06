import { randomBytes } from 'node:crypto'
import { lstat, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DmcError } from '@dmc/core/errors/dmc-error'
import * as z from 'zod'
import { replaceFile } from './data-file.ts'
import { errnoOf } from './storage-error.ts'

/** The file that says that a folder is a sector, and which: without it the disk is not mounted (flow 1). */
export const MARKER = 'dmc-sector.json'

const schema = z.object({
  id: z.string().regex(/^[0-9a-f]{16}$/),
  version: z.literal(1),
  created: z.string(),
})
export type Marker = z.infer<typeof schema>

/** null when there is none. @throws SECTOR_DAMAGED when it can't be understood */
export async function readMarker(folder: string): Promise<Marker | null> {
  const path = join(folder, MARKER)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error))) return null
    throw unreadable(path, error)
  }
  try {
    return schema.parse(JSON.parse(text))
  } catch (error) {
    throw unreadable(path, error)
  }
}

export async function writeMarker(folder: string): Promise<Marker> {
  const marker: Marker = { id: randomBytes(8).toString('hex'), version: 1, created: new Date().toISOString() }
  await replaceFile(join(folder, MARKER), `${JSON.stringify(marker, null, 2)}\n`)
  return marker
}

/** st_dev of the folder, as text. */
export async function deviceOf(folder: string): Promise<string> {
  return (await lstat(folder, { bigint: true })).dev.toString()
}

export const notMounted = (sectorId: string, path: string) =>
  new DmcError(
    'SECTOR_NOT_MOUNTED',
    `Sector ${sectorId} is not mounted: ${path} has no marker file ${MARKER}.`,
    {
      hint: 'Mount the disk and try again. An empty folder is never taken for an empty sector.',
    },
  )

const unreadable = (path: string, error: unknown) =>
  new DmcError('SECTOR_DAMAGED', `${path} can't be read: ${error instanceof Error ? error.message : error}`, {
    hint: 'Check the disk; put the marker file back from a copy if it was edited.',
    cause: error,
  })
