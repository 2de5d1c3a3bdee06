import type { IncomingMessage, ServerResponse } from 'node:http'
import { stopMails } from '../alerts/stop-mails.ts'
import type { Services } from '../services.ts'

/**
 * The link at the end of every mail. A GET changes nothing (mail programs open links by themselves) and leads to the page that asks;
 * a POST stops the mails, from that page or by a mail program's one click (RFC 8058).
 */
export async function serveStopMails(
  services: Services,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const query = new URL(request.url ?? '/', 'http://dashboard').searchParams
  const token = query.get('t') ?? ''
  if (request.method !== 'POST') return redirect(response, `/stop-mails?t=${encodeURIComponent(token)}`)
  await stopMails(services.db, token)
  // a browser goes on to a page; a mail program wants an answer
  if (request.headers['sec-fetch-mode'] === 'navigate') return redirect(response, '/stop-mails?done=1')
  response.setHeader('Content-Type', 'text/plain; charset=utf-8')
  response.end('No more mails are sent to this address.\n')
}

function redirect(response: ServerResponse, path: string): void {
  response.statusCode = 303
  response.setHeader('Location', path)
  response.end()
}
