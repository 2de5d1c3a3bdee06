import { readFileSync, writeFileSync } from 'node:fs'

/** A figure of a running process's memory, in MiB; 0 when it is gone, or where there is no /proc. */
export function memoryMib(pid: number, field: 'VmHWM' | 'VmRSS'): number {
  try {
    const match = readFileSync(`/proc/${pid}/status`, 'utf8').match(new RegExp(`${field}:\\s+(\\d+) kB`))
    return match ? Number(match[1]) / 1024 : 0
  } catch {
    return 0
  }
}

/** Peak resident memory of a running process since the last `resetPeak`, MiB. */
export const peakMib = (pid: number): number => Math.round(memoryMib(pid, 'VmHWM'))

export function resetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5')
  } catch {
    // not permitted: the peak then counts from the start of the process
  }
}
