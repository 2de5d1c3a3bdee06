import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** What happens to one connection. Byte counts are of both directions together, so that replies are cut too. */
export interface Fault {
  /** Resets the connection after so many bytes. */
  cutAfter?: number
  /** Passes nothing on after so many bytes, and keeps the connection open. */
  stallAfter?: number
  /** Passes everything on in pieces of at most so many bytes. */
  slice?: number
}

export interface FaultProxy {
  readonly port: number
  /** Connections accepted so far. */
  readonly accepted: number
  /** Cuts everything that is open. */
  cutAll(): void
  close(): Promise<void>
}

/**
 * A TCP proxy on 127.0.0.1 that breaks connections as planned: `plan` is asked once for each, counted from 0, so that a
 * seeded plan gives the same faults each time.
 */
export async function startFaultProxy(
  target: () => number,
  plan: (connection: number) => Fault,
): Promise<FaultProxy> {
  const open = new Set<Socket>()
  let accepted = 0
  const server = createServer((near) => {
    const {
      cutAfter = Number.POSITIVE_INFINITY,
      stallAfter = Number.POSITIVE_INFINITY,
      slice,
    } = plan(accepted++)
    const far = connect(target(), '127.0.0.1')
    let passed = 0
    const cut = () => {
      near.resetAndDestroy()
      far.resetAndDestroy()
    }
    const pass = (from: Socket, to: Socket) => {
      open.add(from)
      from.setNoDelay(true)
      from.on('error', cut)
      from.on('close', () => {
        open.delete(from)
        to.destroy()
      })
      from.on('data', (data: Buffer) => {
        const most = Math.min(cutAfter, stallAfter) - passed
        passed += data.length
        const part = data.length > most ? data.subarray(0, Math.max(most, 0)) : data
        let flowing = true
        for (let at = 0; at < part.length; at += slice ?? part.length) {
          flowing = to.write(part.subarray(at, at + (slice ?? part.length)))
        }
        if (passed > cutAfter) setImmediate(cut)
        else if (!flowing) {
          from.pause()
          to.once('drain', () => from.resume())
        }
      })
    }
    pass(near, far)
    pass(far, near)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cutAll = () => {
    for (const socket of open) socket.resetAndDestroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    get accepted() {
      return accepted
    },
    cutAll,
    close() {
      cutAll()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
