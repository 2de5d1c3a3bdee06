import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface RawSocket {
  socket: Socket
  send(text: string | Buffer): void
  /** Everything received until the other side closes; the time that took. */
  closed: Promise<{ text: string; ms: number }>
}

/** A TCP connection of our own, to say what no HTTP client would. */
export async function rawSocket(port: number): Promise<RawSocket> {
  const socket = connect(port, '127.0.0.1')
  const started = performance.now()
  let text = ''
  socket.on('data', (data) => {
    text += data.toString('latin1')
  })
  socket.on('error', () => {})
  const closed = new Promise<{ text: string; ms: number }>((resolve) => {
    socket.once('close', () => resolve({ text, ms: performance.now() - started }))
  })
  await once(socket, 'connect')
  return { socket, send: (data) => void socket.write(data), closed }
}
