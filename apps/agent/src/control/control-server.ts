import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import * as z from 'zod'
import { decodeJson, encodeJson } from './codec.ts'
import { readLines } from './lines.ts'
import { prepareSocketFolder } from './socket-path.ts'
import { agentVersion, CONTROL_PROTOCOL } from './version.ts'

const MAX_REQUEST = 4 * 1024 * 1024
/** A caller that does not read: its events are dropped past this, its result waits. */
const MAX_UNSENT = 8 * 1024 * 1024

const requestSchema = z.union([
  z.strictObject({ id: z.int().min(1), method: z.string(), input: z.unknown() }),
  z.strictObject({ id: z.int().min(1), cancel: z.literal(true) }),
])

/** Runs one method for a caller; throws DmcErrors. */
export type Dispatch = (
  method: string,
  input: unknown,
  emit: (event: unknown) => void,
  signal: AbortSignal,
) => Promise<unknown>

export interface ControlServer {
  readonly path: string
  /** Lets calls in hand finish for at most `graceMs`, then cancels them; no new ones. */
  close(graceMs?: number): Promise<void>
}

/**
 * The agent's control socket: NDJSON over a Unix socket that only its owner can open (0600). The server greets with
 * `{agent, protocol, version, pid, background}`; a request is `{id, method, input}` or `{id, cancel: true}`; the answers are
 * `{id, event}` any number of times, then `{id, result}` or `{id, error}`. The caller must hold the data folder's lock:
 * a socket file that is there is nobody's.
 * @param options.background false for an agent that is open for one command only.
 */
export async function startControlServer(
  path: string,
  dispatch: Dispatch,
  { background = true }: { background?: boolean } = {},
): Promise<ControlServer> {
  const sockets = new Set<Socket>()
  const calls = new Map<AbortController, Promise<void>>()
  let closing = false

  const serve = (socket: Socket) => {
    sockets.add(socket)
    const open = new Map<number, AbortController>()
    const send = (message: unknown) => {
      if (!socket.destroyed) socket.write(`${encodeJson(message)}\n`)
    }
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      for (const call of open.values()) call.abort(interrupted('the command that asked has gone'))
    })
    send({
      agent: 'dmc-agent',
      protocol: CONTROL_PROTOCOL,
      version: agentVersion(),
      pid: process.pid,
      background,
    })

    const answer = async (id: number, method: string, input: unknown, call: AbortController) => {
      const emit = (event: unknown) => {
        if (socket.writableLength < MAX_UNSENT) send({ id, event })
      }
      try {
        if (closing) throw stopping()
        const result = await dispatch(method, input, emit, call.signal)
        send({ id, result: result ?? null })
      } catch (error) {
        send({ id, error: toDmcError(error).toJSON() })
      } finally {
        open.delete(id)
      }
    }

    readLines(
      socket,
      MAX_REQUEST,
      (line) => {
        const request = parseRequest(line)
        if (request === null || ('method' in request && open.has(request.id))) {
          send({ id: 0, error: badRequest().toJSON() })
          socket.end()
        } else if ('cancel' in request) {
          open.get(request.id)?.abort(interrupted('it was cancelled'))
        } else {
          const call = new AbortController()
          open.set(request.id, call)
          const done = answer(request.id, request.method, request.input, call).finally(() =>
            calls.delete(call),
          )
          calls.set(call, done)
        }
      },
      () => send({ id: 0, error: badRequest().toJSON() }),
    )
  }

  const server = createServer(serve)
  await listen(server, path)
  return {
    path,
    async close(graceMs = 0) {
      closing = true
      server.close()
      let timer: NodeJS.Timeout | undefined
      if (calls.size > 0 && graceMs > 0) {
        const late = new Promise<void>((done) => {
          timer = setTimeout(done, graceMs)
        })
        await Promise.race([Promise.all(calls.values()), late])
        clearTimeout(timer)
      }
      for (const call of calls.keys()) call.abort(interrupted('the agent is stopping'))
      await Promise.all(calls.values())
      await Promise.all([...sockets].map((socket) => endSocket(socket)))
      if (process.platform !== 'win32') rmSync(path, { force: true })
    },
  }
}

function listen(server: ReturnType<typeof createServer>, path: string): Promise<void> {
  return new Promise((done, failed) => {
    if (process.platform !== 'win32') {
      prepareSocketFolder(path)
      rmSync(path, { force: true })
    }
    // The socket file is made inside listen(): with this mask nobody else can open it at any moment.
    const mask = process.umask(0o177)
    server.once('error', failed)
    server.listen(path, () => {
      if (process.platform !== 'win32') chmodSync(path, 0o600)
      done()
    })
    process.umask(mask)
  })
}

/** Sends what is buffered, then closes; a reader that does not read is cut after a second. */
function endSocket(socket: Socket): Promise<void> {
  return new Promise((done) => {
    if (socket.destroyed) return done()
    const timer = setTimeout(() => socket.destroy(), 1000)
    socket.once('close', () => {
      clearTimeout(timer)
      done()
    })
    socket.end()
  })
}

function parseRequest(line: string): z.output<typeof requestSchema> | null {
  try {
    return requestSchema.parse(decodeJson(line))
  } catch {
    return null
  }
}

const interrupted = (why: string) =>
  new DmcError('INTERRUPTED', `Stopped: ${why}.`, { hint: 'Run the same command again to go on.' })

/** Nothing was done: the caller may look for another agent. */
const stopping = () =>
  new DmcError('AGENT_NOT_RUNNING', 'The agent is stopping.', {
    hint: 'Start it again and repeat the command.',
    retryable: true,
  })

const badRequest = () =>
  new DmcError('CONTROL_PROTOCOL', 'The agent got a request that it does not understand.', {
    hint: 'Use the same version of dmc-agent for the service and the command line; restart the service after an upgrade.',
  })
