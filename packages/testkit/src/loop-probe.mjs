/**
 * Loaded into a process before its own code (`--import`): the longest time that its event loop was held. On each SIGUSR2 it is
 * written to the file that LOOP_PROBE_FILE names, and measuring begins anew.
 *
 * Held is told in processor time of the main thread between two ticks of a timer: on a busy machine a thread also waits for its
 * turn on a core, which says nothing of the program. What else it waited for in between, most likely the disk, is told apart (Linux).
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

const file = process.env.LOOP_PROBE_FILE
const EVERY_MS = 5

function cpuMs() {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

/** How long this thread, the process's first, has waited for a core. */
function turnMs() {
  try {
    return Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[1]) / 1e6
  } catch {
    return null
  }
}

const look = () => ({ cpu: cpuMs(), turn: turnMs(), wall: performance.now() })

if (isMainThread && file) {
  let longest = { cpuMs: 0, blockedMs: 0, wallMs: 0 }
  let before = look()
  const tick = () => {
    const now = look()
    const cpu = now.cpu - before.cpu
    const wall = now.wall - before.wall - EVERY_MS
    const blocked = now.turn === null || before.turn === null ? 0 : wall - cpu - (now.turn - before.turn)
    longest = {
      cpuMs: Math.max(longest.cpuMs, cpu),
      blockedMs: Math.max(longest.blockedMs, blocked),
      wallMs: Math.max(longest.wallMs, wall),
    }
    before = now
  }
  setInterval(tick, EVERY_MS).unref()
  process.on('SIGUSR2', () => {
    tick()
    writeFileSync(`${file}.new`, JSON.stringify(longest))
    renameSync(`${file}.new`, file)
    longest = { cpuMs: 0, blockedMs: 0, wallMs: 0 }
    before = look()
  })
}
