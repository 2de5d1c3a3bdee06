import { readFileSync } from 'node:fs'
import { currentBootId } from '../disk/boot-id.ts'

/** What tells one process from a later one with the same id. Fields are '' where the system doesn't say. */
export interface ProcessIdentity {
  pid: number
  /** Clock ticks since boot at which the process started. */
  startTime: string
  bootId: string
}

/** State and start time of a process (fields 3 and 22 of /proc/<pid>/stat), '' when they can't be read. */
function statOf(pid: number): { state: string; startTime: string } {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // the command's name may hold spaces and brackets: fields are counted after its last bracket
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0] ?? '', startTime: fields[19] ?? '' }
  } catch {
    return { state: '', startTime: '' }
  }
}

export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, startTime: statOf(process.pid).startTime, bootId: currentBootId() }
}

/** True when that very process still runs (a zombie does not count, another process with its id neither). */
export function isAlive({ pid, startTime, bootId }: ProcessIdentity): boolean {
  const boot = currentBootId()
  if (bootId !== '' && boot !== '' && bootId !== boot) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  const now = statOf(pid)
  if (now.state === 'Z') return false
  return startTime === '' || now.startTime === '' || now.startTime === startTime
}
