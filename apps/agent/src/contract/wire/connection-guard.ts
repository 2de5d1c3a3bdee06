import type { Socket } from 'node:net'
import { addressGroup } from '@dmc/core/protocol/address-group'
import type { WireLimits } from '@dmc/core/protocol/limits'

interface Known {
  /** Who stands behind it: a flood from one place is told from people who come. */
  from: string
  /** null until a token was shown on it. */
  order: string | null
}

/**
 * Bounds on connections. When all places are taken, one that never showed a token gives way: the oldest of whoever has most of those,
 * so that a flood from one place pushes out itself and not who has come to show one.
 */
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
    const from = addressGroup(socket.remoteAddress ?? '')
    if (this.#sockets.size >= this.#limits.connections) {
      const strangers = [...this.#sockets].filter(([, { order }]) => order === null)
      const oldest = givesWay(strangers, from)
      if (!oldest) return false
      this.#sockets.delete(oldest)
      oldest.destroy()
    }
    this.#sockets.set(socket, { from, order: null })
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

/** The oldest one of whoever has most, who comes counted with what they have; undefined when there is none. */
export function givesWay<T>(
  oldestFirst: readonly (readonly [one: T, { from: string }])[],
  coming: string,
): T | undefined {
  const counts = new Map([[coming, 1]])
  for (const [, { from }] of oldestFirst) counts.set(from, (counts.get(from) ?? 0) + 1)
  let most = 0
  for (const [, { from }] of oldestFirst) most = Math.max(most, counts.get(from) ?? 0)
  return oldestFirst.find(([, { from }]) => counts.get(from) === most)?.[0]
}
