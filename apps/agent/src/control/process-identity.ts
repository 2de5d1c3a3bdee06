import { readFileSync } from 'node:fs'

/** Names a process for good: a pid alone is used again. Start time and boot id are '' where the system has none. */
export interface ProcessIdentity {
  pid: number
  startTime: string
  bootId: string
}

const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

const bootId = (): string => read('/proc/sys/kernel/random/boot_id').trim()

/** Field 22 of /proc/PID/stat (clock ticks since boot); the name before it may hold spaces and parentheses. */
function startTime(pid: number): string {
  const stat = read(`/proc/${pid}/stat`)
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, startTime: startTime(process.pid), bootId: bootId() }
}

/** Is that very process still there? */
export function isAlive({ pid, startTime: started, bootId: boot }: ProcessIdentity): boolean {
  if (boot !== '' && boot !== bootId()) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  return started === '' || started === startTime(pid)
}
