import { closeSync, openSync, readSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { HASH_SIZE } from '@dmc/core/merkle/constants'
import { SPOOL_SEGMENT } from './source-paths.ts'

/** Reads what the encode worker has spooled: the bytes of one session, and chunk roots of its volume. */
export class SpoolReader {
  readonly #segmentFile: (segment: number) => string
  readonly #rootsFile: string
  readonly #segments = new Map<number, Promise<FileHandle>>()
  #roots: number | null = null

  constructor(files: { segment: (segment: number) => string; roots: string }) {
    this.#segmentFile = files.segment
    this.#rootsFile = files.roots
  }

  /** Fills `into` from volume offset `offset`. @throws RangeError when the spool ends before that */
  async read(offset: number, into: Buffer): Promise<void> {
    for (let at = 0; at < into.length; ) {
      const position = offset + at
      const inSegment = position % SPOOL_SEGMENT
      const want = Math.min(into.length - at, SPOOL_SEGMENT - inSegment)
      const segment = await this.#open(Math.floor(position / SPOOL_SEGMENT))
      const { bytesRead } = await segment.read(into, at, want, inSegment)
      if (bytesRead === 0) throw new RangeError(`the spool ends before byte ${position}`)
      at += bytesRead
    }
  }

  /** The root of a whole chunk, as the encode worker wrote it. @throws RangeError when it has not */
  root(index: number): Uint8Array {
    this.#roots ??= openSync(this.#rootsFile, 'r')
    const root = new Uint8Array(HASH_SIZE)
    // some bytes that were written a moment ago: a thread would cost more than the read
    if (readSync(this.#roots, root, 0, HASH_SIZE, index * HASH_SIZE) !== HASH_SIZE)
      throw new RangeError(`the root of chunk ${index} is not known`)
    return root
  }

  /** The segment's file is about to be deleted or used again. */
  async forget(segment: number): Promise<void> {
    const opened = this.#segments.get(segment)
    this.#segments.delete(segment)
    await close(opened)
  }

  async close(): Promise<void> {
    const opened = [...this.#segments.values()]
    this.#segments.clear()
    for (const segment of opened) await close(segment)
    if (this.#roots !== null) closeSync(this.#roots)
    this.#roots = null
  }

  #open(segment: number): Promise<FileHandle> {
    let opened = this.#segments.get(segment)
    if (!opened) {
      opened = open(this.#segmentFile(segment), 'r')
      this.#segments.set(segment, opened)
    }
    return opened
  }
}

async function close(opened: Promise<FileHandle> | undefined): Promise<void> {
  const segment = await opened?.catch(() => undefined)
  await segment?.close()
}
