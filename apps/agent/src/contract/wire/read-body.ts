import type { IncomingMessage } from 'node:http'
import { DmcError } from '@dmc/core/errors/dmc-error'
import type { WireLimits } from '@dmc/core/protocol/limits'
import type * as z from 'zod'
import { giveBack } from '../../disk/give-back.ts'
import type { BufferPool, Lease } from '../../sector/buffer-pool.ts'
import type { Bandwidth } from './bandwidth.ts'

const tooLarge = (bytes: number, most: number) =>
  new DmcError('REQUEST_TOO_LARGE', `A body of ${bytes} bytes is larger than ${most}.`, {
    hint: 'Send smaller pieces; GET /v1/info names the limits.',
  })

const invalid = (why: string) =>
  new DmcError('REQUEST_INVALID', `The request is not valid: ${why}.`, {
    hint: 'docs/PROTOCOL.md says what is; both agents may need the same version.',
  })

const cutOff = () =>
  new DmcError('PEER_UNREACHABLE', 'The peer went away in the middle of a request.', {
    hint: 'Nothing to do.',
  })

const tooSlow = () =>
  new DmcError('TOO_MANY_REQUESTS', 'The request came in too slowly and was dropped.', {
    hint: 'Check the connection; delivery goes on by itself.',
  })

/** Content length of a request; without one the size of what comes is unknown and it is refused. @throws REQUEST_* */
export function bodyLength(request: IncomingMessage, most: number): number {
  const text = request.headers['content-length']
  if (text === undefined || !/^[0-9]{1,15}$/.test(text)) throw invalid('it has no content-length')
  const length = Number(text)
  if (length > most) throw tooLarge(length, most)
  return length
}

/** Fills `into` from the request. Destroys the connection when it stalls: nothing may hold memory for free. */
function fill(
  request: IncomingMessage,
  into: Buffer,
  isTooSlow: (bytes: number, ms: number) => boolean,
  pace?: (bytes: number) => Promise<void>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const started = performance.now()
    // for so long we have not read ourselves: that is not the sender's slowness
    let held = 0
    let heldSince: number | null = null
    let at = 0
    const done = (error?: Error) => {
      clearInterval(watch)
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose)
      if (error) reject(error)
      else resolve()
    }
    const onData = (chunk: Buffer) => {
      if (at + chunk.length > into.length) {
        request.socket.destroy()
        return done(tooLarge(at + chunk.length, into.length))
      }
      into.set(chunk, at)
      at += chunk.length
      if (pace) hold(pace(chunk.length))
      giveBack(chunk)
    }
    const hold = (passed: Promise<void>) => {
      request.pause()
      heldSince = performance.now()
      void passed.then(() => {
        held += performance.now() - (heldSince ?? 0)
        heldSince = null
        request.resume()
      })
    }
    const onEnd = () => done(at === into.length ? undefined : cutOff())
    const onClose = () => done(cutOff())
    const watch = setInterval(() => {
      if (heldSince !== null || !isTooSlow(at, performance.now() - started - held)) return
      request.socket.destroy()
      done(tooSlow())
    }, 500)
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose)
  })
}

/** A JSON body, checked. @throws REQUEST_INVALID, REQUEST_TOO_LARGE */
export async function readJson<T extends z.ZodType>(
  request: IncomingMessage,
  schema: T,
  limits: WireLimits,
): Promise<z.output<T>> {
  const body = Buffer.alloc(bodyLength(request, limits.jsonBytes))
  await fill(request, body, (_bytes, ms) => ms > limits.headMs)
  let json: unknown
  try {
    json = JSON.parse(body.toString('utf8'))
  } catch {
    throw invalid('its body is not JSON')
  }
  return checkInput(schema, json)
}

/** @throws REQUEST_INVALID with the first thing that is wrong */
export function checkInput<T extends z.ZodType>(schema: T, input: unknown): z.output<T> {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw invalid(`${issue?.path.join('.') || 'body'}: ${issue?.message ?? 'wrong'}`)
}

/**
 * An octet body of `length` in pooled memory; release the lease when it is used up. One that comes in slowly may take its time, but
 * not the memory that others wait for: then the order that has more of it gives way, piece by piece.
 */
export async function readData(
  request: IncomingMessage,
  length: number,
  pool: BufferPool<ArrayBufferLike>,
  limits: WireLimits,
  how: { order: string; down: Bandwidth },
): Promise<Lease> {
  const { order, down } = how
  // until there is room the socket is simply not read: the sender waits
  const lease = await pool.acquire(length, order)
  try {
    if (request.socket.destroyed) throw cutOff()
    await fill(
      request,
      lease.data,
      (bytes, ms) => {
        if (ms <= limits.slowAfterMs) return false
        const rate = pool.presses(order) ? Math.max(limits.crowdedRate, limits.minRate) : limits.minRate
        return bytes / (ms / 1000) < rate
      },
      down.limit === null ? undefined : (bytes) => down.pass(order, bytes),
    )
    return lease
  } catch (error) {
    lease.release()
    throw error
  }
}
