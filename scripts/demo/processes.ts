import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

interface Remembered {
  pid: number
  /** Start time in clock ticks (Linux): tells the same process from another with its number. */
  started: string
}

const file = (folder: string) => join(folder, 'processes.json')

function startedAt(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}

function recall(folder: string): Remembered[] {
  try {
    return JSON.parse(readFileSync(file(folder), 'utf8')) as Remembered[]
  } catch {
    return []
  }
}

/** Notes a process of this demo, so that a start after a kill -9 of the demo itself can end it. */
export function rememberProcess(folder: string, pid: number): void {
  writeFileSync(file(folder), JSON.stringify([...recall(folder), { pid, started: startedAt(pid) }]))
}

/** Ends what an earlier demo in this folder left running, and only that. */
export async function endLeftovers(folder: string): Promise<void> {
  if (!existsSync(file(folder))) return
  const alive = () =>
    recall(folder).filter(({ pid, started }) => started !== '' && startedAt(pid) === started)
  for (const { pid } of alive()) process.kill(pid, 'SIGTERM')
  for (let waited = 0; alive().length > 0; waited += 100) {
    if (waited > 15_000) for (const { pid } of alive()) process.kill(pid, 'SIGKILL')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  writeFileSync(file(folder), '[]')
}
