import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Posted {
  path: string
  headers: IncomingHttpHeaders
  body: string
}

/** A server on this machine that keeps what it is posted, and answers as it is told. */
export async function startWebhookReceiver() {
  const posted: Posted[] = []
  let answers: { status: number; text?: string; location?: string; never?: boolean }[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (part) => {
      body += part
    })
    request.on('end', () => {
      posted.push({ path: request.url ?? '', headers: request.headers, body })
      const { status, text = '', location, never } = answers.shift() ?? { status: 204 }
      if (never) return
      response.statusCode = status
      if (location !== undefined) response.setHeader('location', location)
      response.end(text)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `http://127.0.0.1:${port}/hook`,
    posted,
    /** The next answers, in turn; then 204. */
    answer(...next: typeof answers) {
      answers = next
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
