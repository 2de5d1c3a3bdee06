import { CUT_MAX } from '@dmc/core/log/chunker'
import { CutFinder, type CutMemory } from '@dmc/core/log/cut-finder'

/**
 * Chunks are cut in groups, once so many bytes are there: about three of average size. The same for one thread and for several, as is what
 * is read at once: it decides which of small and large files' chunks come first in the log.
 */
export const GROUP = CUT_MAX
/** Bytes behind a group: what is read at once. */
export const BEHIND = CUT_MAX / 4
/** Bytes that are moved to another place lie there as before within a word. */
export const WORD = 8

/** Memory in which a stream is cut: a group, and behind it as much as is read at once. */
export class CutRoom {
  readonly finder: CutFinder
  readonly buffer: Buffer
  /** Once so many bytes are there they are cut; at least CUT_MAX, as fewer may hold no whole chunk. */
  readonly group: number

  /** @param behind bytes that may come after a group */
  constructor(gear: Int32Array, group: number, behind: number, memory?: CutMemory) {
    if (group < CUT_MAX) throw new RangeError(`a group of ${group} bytes may hold no whole chunk`)
    this.finder = new CutFinder(gear, group + behind + WORD, memory)
    const { data } = this.finder
    this.buffer = Buffer.from(data.buffer, data.byteOffset, data.length)
    this.group = group
  }

  /** For a thread that does everything alone: the same memory again and again. */
  static own(gear: Int32Array): { behind: number; handsOn: false; next(): CutRoom } {
    let room: CutRoom | undefined
    return {
      behind: BEHIND,
      handsOn: false,
      next: () => {
        room ??= new CutRoom(gear, GROUP, BEHIND)
        return room
      },
    }
  }
}
