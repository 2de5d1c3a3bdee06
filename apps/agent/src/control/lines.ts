import type { Socket } from 'node:net'

/**
 * Calls `onLine` for each line of NDJSON that arrives.
 * @param limit bytes; a longer line calls `onTooLong` once and ends the connection.
 */
export function readLines(
  socket: Socket,
  limit: number,
  onLine: (line: string) => void,
  onTooLong: () => void = () => {},
): void {
  let parts: Buffer[] = []
  let size = 0
  socket.on('data', (data: Buffer) => {
    let from = 0
    for (let end = data.indexOf(10); end >= 0; end = data.indexOf(10, from)) {
      parts.push(data.subarray(from, end))
      const line = Buffer.concat(parts).toString('utf8')
      parts = []
      size = 0
      from = end + 1
      if (line !== '') onLine(line)
      if (socket.destroyed) return
    }
    if (from === data.length) return
    parts.push(data.subarray(from))
    size += data.length - from
    if (size > limit) {
      onTooLong()
      socket.destroy()
    }
  })
}
