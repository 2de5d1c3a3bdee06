import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DmcError } from '@dmc/core/errors/dmc-error'
import type { Health } from './health-report.ts'

export interface HealthServer {
  readonly port: number
  close(): Promise<void>
}

/**
 * `GET /health` on loopback for monitoring: 200 when nothing needs a person, 503 with the alarms when something does. With
 * `?level=error` warnings alone are still 200: for what restarts or pages at once.
 * @throws CONFIG_INVALID when the port can't be had
 */
export async function openHealthServer(port: number, health: () => Health): Promise<HealthServer> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    const answer = (status: number, body: object) =>
      response
        .writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
        .end(request.method === 'HEAD' ? undefined : `${JSON.stringify(body)}\n`)
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(405, { ok: false })
    if (url.pathname !== '/health') return answer(404, { ok: false })
    const found = health()
    const errorsOnly = url.searchParams.get('level') === 'error'
    const ok = errorsOnly ? found.alarms.every(({ level }) => level !== 'error') : found.ok
    return answer(ok ? 200 : 503, { ...found, ok })
  })
  // nobody has a reason to keep a connection to this
  server.keepAliveTimeout = 1000
  server.headersTimeout = 5000
  server.requestTimeout = 5000
  server.maxConnections = 16
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new DmcError(
          'CONFIG_INVALID',
          `The health endpoint can't listen on 127.0.0.1:${port}: ${cause.message}.`,
          {
            hint: 'Choose another port: dmc-agent config set health.port PORT (0: none)',
            cause,
          },
        ),
      ),
    )
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
