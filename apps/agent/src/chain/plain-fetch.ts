import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'

const MIB = 1024 * 1024
const gunzipped = promisify(gunzip)

/** Asking again would bring as much: who asked must ask for less. */
export class AnswerTooLong extends Error {
  constructor(most: number) {
    super(`the answer is too long: more than ${most} bytes`)
  }
}

/** What a caller of `fetch` uses of its answer; the body is there as a whole. */
export interface PlainAnswer {
  readonly ok: boolean
  readonly status: number
  readonly statusText: string
  readonly headers: Headers
  readonly body: null
  text(): Promise<string>
}

/** The question goes on as it is to where these point. */
const MOVED = [307, 308]
const MOST_MOVES = 3

/**
 * `fetch` for small questions and answers, by node:http. The one of Node reads HTTP by WebAssembly, and to compile that takes
 * 23 MiB, half of which a long-running process never gives back. Follows what moved with all that was asked, and nothing else;
 * with `redirect: 'error'` not even that.
 * @throws AnswerTooLong when there are more than `most` bytes, and what node:http throws
 */
export async function plainFetch(
  input: string | URL | Request,
  init: RequestInit = {},
  most = 10 * MIB,
  moves = 0,
): Promise<PlainAnswer> {
  const url = new URL(input instanceof Request ? input.url : input)
  const headers = Object.fromEntries(new Headers(init.headers))
  const response = await ask(url, { ...init, headers: { 'accept-encoding': 'gzip', ...headers } })
  const raw = await collect(response, most)
  const packed = response.headers['content-encoding'] === 'gzip' && raw.length > 0
  const bytes = packed ? await unpack(raw, most) : raw
  const { statusCode: status = 0, statusMessage: statusText = '' } = response
  const { location } = response.headers
  if (MOVED.includes(status) && location !== undefined && init.redirect !== 'error' && moves < MOST_MOVES) {
    const there = new URL(location, url)
    // who may know a secret of one place is not known at another
    if (there.origin !== url.origin) delete headers.authorization
    return plainFetch(there, { ...init, headers }, most, moves + 1)
  }
  if (status >= 300 && status < 400 && init.redirect === 'error')
    throw new Error('it points to another place')
  return {
    ok: status >= 200 && status < 300,
    status,
    statusText,
    headers: new Headers(pairs(response.rawHeaders)),
    body: null,
    text: async () => bytes.toString('utf8'),
  }
}

function ask(url: URL, init: RequestInit, again = true): Promise<IncomingMessage> {
  const { method = 'GET', signal } = init
  const headers = init.headers as Record<string, string>
  const body = init.body as string | null | undefined
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest
    const request = send(url, { method, headers, ...(signal ? { signal } : {}) })
    let answered = false
    request.on('error', (error: NodeJS.ErrnoException) => {
      // a connection that was kept may be closed by the other side just when it is used again; one that breaks later has asked
      const closedBefore = request.reusedSocket && error.code === 'ECONNRESET' && !answered
      if (again && closedBefore) resolve(ask(url, init, false))
      else reject(error)
    })
    request.once('response', (response) => {
      answered = true
      resolve(response)
    })
    request.end(body ?? undefined)
  })
}

async function unpack(packed: Buffer, most: number): Promise<Buffer> {
  try {
    return await gunzipped(packed, { maxOutputLength: most })
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? new AnswerTooLong(most) : error
  }
}

function collect(response: IncomingMessage, most: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    let size = 0
    response.on('data', (part: Buffer) => {
      size += part.length
      parts.push(part)
      if (size > most) response.destroy(new AnswerTooLong(most))
    })
    response.once('error', reject)
    response.once('close', () => reject(new Error('the answer was cut off')))
    response.once('end', () => resolve(Buffer.concat(parts)))
  })
}

function pairs(raw: readonly string[]): [string, string][] {
  const found: [string, string][] = []
  for (let i = 0; i + 1 < raw.length; i += 2) found.push([raw[i] ?? '', raw[i + 1] ?? ''])
  return found
}
