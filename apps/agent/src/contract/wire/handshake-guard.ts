import type { Socket } from 'node:net'
import { addressGroup } from '@dmc/core/protocol/address-group'
import { givesWay } from './connection-guard.ts'

interface Raw {
  from: string
  /** TLS has been agreed on it: from then on `ConnectionGuard` bounds it. */
  agreed: boolean
}

/**
 * Bounds on TCP connections under TLS: a handshake that never ends holds a place like any other. When all are taken, one of those gives
 * way, the oldest of whoever has most.
 */
export class HandshakeGuard {
  readonly #most: number
  /** By who and which port they come from, which is all that TLS tells of the connection below it. */
  readonly #sockets = new Map<string, readonly [Socket, Raw]>()

  constructor(most: number) {
    this.#most = most
  }

  get size(): number {
    return this.#sockets.size
  }

  /** False when there is no place: the caller destroys it. */
  enter(socket: Socket): boolean {
    const from = addressGroup(socket.remoteAddress ?? '')
    if (this.#sockets.size >= this.#most) {
      const waiting = [...this.#sockets.values()].filter(([, { agreed }]) => !agreed)
      const oldest = givesWay(waiting, from)
      if (!oldest) return false
      this.#forget(oldest)
      oldest.destroy()
    }
    const key = keyOf(socket)
    this.#sockets.set(key, [socket, { from, agreed: false }])
    socket.once('close', () => {
      if (this.#sockets.get(key)?.[0] === socket) this.#sockets.delete(key)
    })
    return true
  }

  /** @param socket TLS's, over one that entered */
  agreed(socket: Socket): void {
    const known = this.#sockets.get(keyOf(socket))
    if (known) known[1].agreed = true
  }

  destroyAll(): void {
    for (const [socket] of this.#sockets.values()) socket.destroy()
  }

  #forget(socket: Socket): void {
    for (const [key, [known]] of this.#sockets) if (known === socket) this.#sockets.delete(key)
  }
}

const keyOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`
