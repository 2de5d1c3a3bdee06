import { spawn } from 'node:child_process'

/**
 * Tells systemd how the service does (sd_notify). Node has no datagram Unix sockets, so the systemd-notify program speaks
 * for us; without it, or without a socket, nothing happens.
 */
export function notifySystemd(socket: string | null, state: 'READY=1' | 'STOPPING=1'): Promise<void> {
  if (!socket) return Promise.resolve()
  return new Promise((done) => {
    const child = spawn('systemd-notify', [`--pid=${process.pid}`, state], {
      stdio: 'ignore',
      timeout: 5000,
    })
    child.once('error', () => done())
    child.once('close', () => done())
  })
}
