import type { IncomingMessage } from 'node:http'

/** A refusal with its HTTP status. */
export class HttpRefusal extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** The JSON body of a POST, bounded in size and time. @throws HttpRefusal 400, 408, 413, 415 */
export async function readJson(request: IncomingMessage, most: number): Promise<unknown> {
  const type = request.headers['content-type'] ?? ''
  if (!/^application\/json\s*(;|$)/i.test(type)) throw new HttpRefusal(415, 'Send application/json.')
  if (Number(request.headers['content-length'] ?? 0) > most) throw new HttpRefusal(413, 'Too long.')
  const chunks: Buffer[] = []
  let size = 0
  const late = setTimeout(() => request.destroy(new HttpRefusal(408, 'Too slow.')), 10_000)
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > most) throw new HttpRefusal(413, 'Too long.')
      chunks.push(chunk)
    }
  } finally {
    clearTimeout(late)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    throw new HttpRefusal(400, 'Not JSON.')
  }
}
