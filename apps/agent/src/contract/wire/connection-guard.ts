import type { Socket } from 'node:net'
import type { WireLimits } from '@dmc/core/protocol/limits'

interface Known {
  since: number
  /** null until a token was shown on it. */
  order: string | null
}

/** Bounds on connections. When all places are taken, the oldest that never showed a token gives way. */
export class ConnectionGuard {
  readonly #limits: WireLimits
  readonly #sockets = new Map<Socket, Known>()

  constructor(limits: WireLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#sockets.size
  }

  /** False when there is no place: the caller destroys it. */
  enter(socket: Socket): boolean {
    if (this.#sockets.size >= this.#limits.connections) {
      const oldest = [...this.#sockets].find(([, known]) => known.order === null)
      if (!oldest) return false
      this.#sockets.delete(oldest[0])
      oldest[0].destroy()
    }
    this.#sockets.set(socket, { since: performance.now(), order: null })
    socket.once('close', () => this.#sockets.delete(socket))
    return true
  }

  /** The socket works for this order from now on; false when the order has its share of connections already. */
  assign(socket: Socket, order: string): boolean {
    const known = this.#sockets.get(socket)
    if (!known || known.order === order) return true
    let taken = 0
    for (const other of this.#sockets.values()) if (other.order === order) taken++
    if (taken >= this.#limits.connectionsPerOrder) return false
    known.order = order
    return true
  }

  destroyAll(): void {
    for (const socket of this.#sockets.keys()) socket.destroy()
  }
}
