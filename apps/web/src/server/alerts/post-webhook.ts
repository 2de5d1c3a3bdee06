import { createHmac } from 'node:crypto'
import { request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import { isIP } from 'node:net'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { checkWebhookUrl, resolveWebhook, type WebhookTarget } from './check-webhook-url.ts'

/** What came of one attempt to send something. */
export interface Sent {
  ok: boolean
  /** HTTP or SMTP status; null: there was no answer. */
  status: number | null
  /** What went wrong, one sentence. */
  error: string | null
  /** It will not be better the next time. */
  final?: boolean
}

/** For the name, the connection and the answer together. */
export const WEBHOOK_LIMIT_MS = 5_000
export const MOST_BODY = 8 * 1024
/** Of an answer so much is read and shown to whom the webhook belongs. */
const MOST_ANSWER = 200

/** `DMC-Signature: t=<unix s>,v1=<hex>`: HMAC-SHA256 by the wallet's secret over `<t>.<body>`. */
export function signWebhook(secret: string, seconds: number, body: string): string {
  const mac = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')
  return `t=${seconds},v1=${mac}`
}

/**
 * Posts a body once: no redirect is followed, no cookie kept, the checked address is the dialled one. Whatever goes wrong is an answer,
 * not an exception.
 */
export async function postWebhook(of: {
  url: string
  secret: string
  /** The same for every attempt of one message: the receiver knows a second one by it. */
  id: string
  body: string
  allowPrivate: boolean
  now: Date
  limitMs?: number
}): Promise<Sent> {
  const { body, limitMs = WEBHOOK_LIMIT_MS } = of
  if (Buffer.byteLength(body) > MOST_BODY) {
    return { ok: false, status: null, error: 'The message is too long for a webhook.', final: true }
  }
  const signal = AbortSignal.timeout(limitMs)
  try {
    const url = checkWebhookUrl(of.url, of.allowPrivate)
    const target = await orTimeout(resolveWebhook(url, of.allowPrivate), signal)
    const { status, text } = await post(target, { ...of, signal })
    if (status >= 200 && status < 300) return { ok: true, status, error: null }
    return { ok: false, status, error: answerSentence(status, text), final: status === 410 }
  } catch (error) {
    if (DmcError.is(error)) return { ok: false, status: null, error: error.message }
    if (signal.aborted) {
      return { ok: false, status: null, error: `There was no answer within ${limitMs / 1000} s.` }
    }
    return { ok: false, status: null, error: connectionSentence(error) }
  }
}

function post(
  { url, address }: WebhookTarget,
  of: { id: string; body: string; secret: string; now: Date; signal: AbortSignal },
): Promise<{ status: number; text: string }> {
  const seconds = Math.floor(of.now.getTime() / 1000)
  const family = isIP(address)
  const toChecked = ((_host: string, options: { all?: boolean }, done: (...args: unknown[]) => void) =>
    options.all
      ? done(null, [{ address, family }])
      : done(null, address, family)) as unknown as LookupFunction
  const send = url.protocol === 'https:' ? tlsRequest : plainRequest
  return new Promise((resolve, reject) => {
    const request = send(
      url,
      {
        method: 'POST',
        // a connection of its own: one that is kept could lead to an address that was checked for somebody else
        agent: false,
        lookup: toChecked,
        signal: of.signal,
        headers: {
          'content-type': 'application/json; charset=utf-8',
          'content-length': Buffer.byteLength(of.body),
          'user-agent': 'dmc-dashboard',
          'dmc-delivery': of.id,
          'dmc-signature': signWebhook(of.secret, seconds, of.body),
        },
      },
      (response) => {
        let text = ''
        const done = () => {
          response.destroy()
          resolve({ status: response.statusCode ?? 0, text })
        }
        response.setEncoding('utf8')
        response.on('data', (part: string) => {
          text += part
          if (text.length >= MOST_ANSWER) done()
        })
        response.on('end', done)
        response.on('error', reject)
      },
    )
    request.on('error', reject)
    request.end(of.body)
  })
}

function answerSentence(status: number, text: string): string {
  if (status >= 300 && status < 400) return `The server answered ${status}: redirects are not followed.`
  const said = text
    .replace(/<[^>]*>/g, ' ')
    .replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, MOST_ANSWER)
  return said === '' ? `The server answered ${status}.` : `The server answered ${status}: ${said}`
}

const REASONS: Record<string, string> = {
  ECONNREFUSED: 'Nothing listens there.',
  ECONNRESET: 'The server closed the connection.',
  EHOSTUNREACH: 'The server can’t be reached.',
  ENETUNREACH: 'The server can’t be reached.',
  CERT_HAS_EXPIRED: 'The server’s certificate has expired.',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'The server’s certificate is signed by nobody that is trusted.',
  SELF_SIGNED_CERT_IN_CHAIN: 'The server’s certificate is signed by nobody that is trusted.',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'The server’s certificate can’t be verified.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'The server’s certificate is for another name.',
}

function connectionSentence(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  const known = typeof code === 'string' ? REASONS[code] : undefined
  return known ?? `The connection failed${typeof code === 'string' ? ` (${code})` : ''}.`
}

function orTimeout<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(signal.reason)
    signal.addEventListener('abort', late, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', late))
  })
}
