// The dashboard's server alone, as a process that a test may kill: the environment as in production, no pages.
import { readWebEnv } from '../../src/env.ts'
import { startServer } from '../../src/server/start-server.ts'

const server = await startServer(readWebEnv())
process.stdout.write(`${JSON.stringify({ url: server.url, origin: server.origin, port: server.port })}\n`)
process.on('SIGTERM', () => void server.close().then(() => process.exit(0)))
