import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { memoryMib } from '../packages/testkit/src/peak-memory.ts'

export interface Measured {
  wall_s: number
  /** User + system seconds of the command and its children. */
  cpu_s: number
  /** Peak resident memory of the largest process, MiB. */
  rss_mib: number
}

/** Children of a process, itself first. Linux only; elsewhere just the process. */
function family(pid: number): number[] {
  const found = [pid]
  for (const id of found) {
    try {
      for (const task of readdirSync(`/proc/${id}/task`)) {
        const children = readFileSync(`/proc/${id}/task/${task}/children`, 'utf8').trim()
        if (children) found.push(...children.split(' ').map(Number))
      }
    } catch {
      // gone meanwhile, or no /proc
    }
  }
  return found
}

/** Runs a peer's command once. `time` of bash gives CPU seconds including all children. @throws when it fails. */
export function measureCommand(
  command: string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      'bash',
      [
        '-c',
        'TIMEFORMAT="dmc-time %R %U %S"; { time "$@" >/dev/null 2>/tmp/dmc-bench-$$ ; } 2>&1; code=$?; [ $code -ne 0 ] && cat /tmp/dmc-bench-$$; rm -f /tmp/dmc-bench-$$; exit $code',
        'bash',
        ...command,
      ],
      { cwd: options.cwd, env: { ...process.env, ...options.env }, stdio: ['ignore', 'pipe', 'pipe'] },
    )
    let output = ''
    let peak = 0
    child.stdout.on('data', (data) => {
      output += data
    })
    child.stderr.on('data', (data) => {
      output += data
    })
    const sample = setInterval(() => {
      for (const pid of family(child.pid ?? 0).slice(1)) peak = Math.max(peak, memoryMib(pid, 'VmHWM'))
    }, 20)
    child.on('error', reject)
    child.on('close', (code) => {
      clearInterval(sample)
      const time = output.match(/dmc-time ([\d.]+) ([\d.]+) ([\d.]+)/)
      if (code !== 0 || !time)
        return reject(new Error(`${command.join(' ')} failed (${code}): ${output.slice(-2000)}`))
      resolve({
        wall_s: Number(time[1]),
        cpu_s: Number(time[2]) + Number(time[3]),
        rss_mib: Math.round(peak),
      })
    })
  })
}

/** CPU seconds (user + system, all threads) of a running process so far; with its children that have ended, too. Linux. */
export function cpuSeconds(pid: number, withChildren = false): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const own = Number(fields[11]) + Number(fields[12])
  return (own + (withChildren ? Number(fields[13]) + Number(fields[14]) : 0)) / 100
}

/** CPU seconds of this process's children that have ended. Linux. */
export function childCpuSeconds(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[13]) + Number(fields[14])) / 100
}

/** Bytes of all files of a folder. */
export const folderBytes = (folder: string): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0)

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const [low = 0, high = 0] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]]
  return (low + high) / 2
}

/** Field by field medians of several rounds. */
export function medians(rounds: Measured[]): Measured {
  const of = (key: keyof Measured) => Number(median(rounds.map((round) => round[key])).toFixed(3))
  return { wall_s: of('wall_s'), cpu_s: of('cpu_s'), rss_mib: Math.round(of('rss_mib')) }
}
