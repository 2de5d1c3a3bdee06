import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'

/** Niceness (`man 2 setpriority`): about a tenth of a core where others want all of it, and all that they leave. */
const BACK = 10

/**
 * Lets every other thread and program go first: for a thread whose work others wait for only because of what comes after it.
 * What is encoded has to be sent, written and proved as well; a thread that encodes for all it is worth leaves the others too
 * little time on few cores, and they finish long after it (docs/decisions/0011). Linux alone gives threads a priority of their
 * own; elsewhere nothing happens. It can't be taken back without rights, and threads that this one starts inherit it.
 */
export function stepBack(): void {
  if (process.platform !== 'linux') return
  try {
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1))
    if (thread !== process.pid) setPriority(thread, BACK)
  } catch {
    // without /proc, or not allowed: as quick as the others, which is only less fair
  }
}
