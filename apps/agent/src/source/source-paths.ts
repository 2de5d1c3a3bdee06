import { join } from 'node:path'

/** Bytes of a spool segment; a segment holds the volume's bytes [n × SIZE, (n+1) × SIZE). */
export const SPOOL_SEGMENT = 16 * 1024 * 1024

/** Where things of one source lie under the agent's data folder. */
export const sourceFolder = (dataDir: string, sourceId: string): string => join(dataDir, 'sources', sourceId)
export const logDbFile = (folder: string): string => join(folder, 'log.db')
/** Names of the manifests in a source's folder. */
export const MANIFEST = /^manifest-.*\.db$/
/** What the file system looked like at a snapshot; one for the snapshot in force, one for the session in work. */
export const manifestFile = (folder: string, session: string): string =>
  join(folder, `manifest-${session}.db`)
export const spoolFolder = (folder: string, session: string): string => join(folder, 'spool', session)
export const spoolFile = (folder: string, session: string, segment: number): string =>
  join(spoolFolder(folder, session), segment.toString().padStart(8, '0'))
/** A segment whose bytes the miner holds, kept to be overwritten. */
export const FREE_SEGMENT = 'free-'
export const freeSegment = (folder: string, session: string, segment: number): string =>
  join(spoolFolder(folder, session), FREE_SEGMENT + segment)
export const volumeFolder = (folder: string, volumeId: string): string => join(folder, 'volumes', volumeId)
/** 32 bytes for each chunk of the volume. */
export const rootsFile = (folder: string, volumeId: string): string =>
  join(volumeFolder(folder, volumeId), 'roots')
/** The bytes of the last, partial chunk under the commitment of `size` bytes. */
export const boundaryFile = (folder: string, volumeId: string, size: number): string =>
  join(volumeFolder(folder, volumeId), `boundary-${size}`)
