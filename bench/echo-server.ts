import { WebSocketServer } from 'ws'

/** The peer of `bench ws`, a process of its own: sends back what it gets. Prints its port; ends with its parent. */
const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
server.on('connection', (socket) => socket.on('message', (data) => socket.send(data)))
server.on('listening', () => process.stdout.write(`${(server.address() as { port: number }).port}\n`))
process.stdin.resume()
process.stdin.once('end', () => process.exit(0))
