/**
 * Loaded into a process before its own code (`--import`): the longest time that its event loop was held. On each SIGUSR2 it is
 * written to the file that LOOP_PROBE_FILE names, and measuring begins anew.
 *
 * Held is told in processor time of the main thread between two ticks of a timer: on a busy machine a thread also waits for its
 * turn on a core, which says nothing of the program.
 */
import { renameSync, writeFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

const file = process.env.LOOP_PROBE_FILE
const EVERY_MS = 5

function cpuMs() {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

if (isMainThread && file) {
  let longest = { cpuMs: 0, wallMs: 0 }
  let before = { cpu: cpuMs(), wall: performance.now() }
  const tick = () => {
    const now = { cpu: cpuMs(), wall: performance.now() }
    longest = {
      cpuMs: Math.max(longest.cpuMs, now.cpu - before.cpu),
      wallMs: Math.max(longest.wallMs, now.wall - before.wall - EVERY_MS),
    }
    before = now
  }
  setInterval(tick, EVERY_MS).unref()
  process.on('SIGUSR2', () => {
    tick()
    writeFileSync(`${file}.new`, JSON.stringify(longest))
    renameSync(`${file}.new`, file)
    longest = { cpuMs: 0, wallMs: 0 }
    before = { cpu: cpuMs(), wall: performance.now() }
  })
}
