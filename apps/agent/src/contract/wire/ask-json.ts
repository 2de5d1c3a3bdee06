import { WIRE_LIMITS } from '@dmc/core/protocol/limits'
import type * as z from 'zod'
import { type ExchangeOptions, exchange, protocol } from './exchange.ts'

type Ask<T extends z.ZodType> = Omit<ExchangeOptions, 'most' | 'body' | 'sink'> & {
  json?: unknown
  body?: Uint8Array
  schema: T
}

/** A request with a JSON reply that is checked before it is used. @throws as `exchange`, PEER_PROTOCOL */
export async function askJson<T extends z.ZodType>({ json, body, schema, ...options }: Ask<T>) {
  const {
    body: text,
    socket,
    tookMs,
  } = await exchange({
    ...options,
    most: WIRE_LIMITS.replyBytes,
    headers: { ...options.headers, ...(json === undefined ? {} : { 'content-type': 'application/json' }) },
    body: json === undefined ? body : Buffer.from(JSON.stringify(json)),
  })
  let reply: z.output<T>
  try {
    reply = schema.parse(JSON.parse(text.toString('utf8')))
  } catch (error) {
    const why = error instanceof Error ? error.message.slice(0, 200) : String(error)
    throw protocol(options.endpoint, `its reply to ${options.method} ${options.path} is not valid (${why})`)
  }
  return { reply, socket, tookMs }
}
