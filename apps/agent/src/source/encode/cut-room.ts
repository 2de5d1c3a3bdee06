import { CUT_MAX } from '@dmc/core/log/chunker'
import { CutFinder, type CutMemory } from '@dmc/core/log/cut-finder'

/** Chunks are cut in groups, once so many bytes are there: about five of average size. */
const GROUP = 2 * CUT_MAX
/** Bytes that are moved to another place lie there as before within a word. */
export const WORD = 8

/** Memory in which a stream is cut: a group, and behind it as much as is read at once. */
export class CutRoom {
  readonly finder: CutFinder
  readonly buffer: Buffer
  /** So many bytes are cut; at least CUT_MAX, as with fewer a cut could come out otherwise than with more. */
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
      behind: CUT_MAX,
      handsOn: false,
      next: () => {
        room ??= new CutRoom(gear, GROUP, CUT_MAX)
        return room
      },
    }
  }
}
