import { lstatSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { reviveError } from '@dmc/core/errors/to-dmc-error'
import * as z from 'zod'
import { decodeJson, encodeJson } from './codec.ts'
import { readLines } from './lines.ts'
import type { MethodEvent, MethodInput, MethodName, MethodOutput } from './methods.ts'
import { CONTROL_PROTOCOL } from './version.ts'

const MAX_ANSWER = 256 * 1024 * 1024
const GREETING_MS = 5000

const greetingSchema = z.object({
  agent: z.literal('dmc-agent'),
  protocol: z.literal(CONTROL_PROTOCOL),
  version: z.string(),
  pid: z.int(),
  background: z.boolean(),
})
const answerSchema = z.object({
  id: z.int(),
  event: z.unknown().optional(),
  result: z.unknown().optional(),
  error: z.unknown().optional(),
})

export interface CallOptions<M extends MethodName> {
  onEvent?: (event: MethodEvent<M>) => void
  /** Aborting asks the agent to stop this call cleanly; its answer is still waited for. */
  signal?: AbortSignal
}

export interface ControlClient {
  readonly pid: number
  /** False: open for one command only, and then gone. */
  readonly background: boolean
  readonly version: string
  call<M extends MethodName>(
    method: M,
    input: MethodInput<M>,
    options?: CallOptions<M>,
  ): Promise<MethodOutput<M>>
  close(): void
}

/**
 * Connects to the agent that listens at `path`; null when none does, or it goes without a word.
 * @throws CONTROL_PROTOCOL when something else, or another version's protocol, answers there.
 */
export async function connectControl(path: string): Promise<ControlClient | null> {
  const socket = await dial(path)
  if (!socket) return null
  const pending = new Map<number, { onEvent: (event: never) => void; done: (answer: Answer) => void }>()
  let nextId = 1
  let greeted: (greeting: unknown) => void = () => {}
  const greeting = new Promise<unknown>((done) => {
    greeted = done
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    greeted(undefined)
    for (const call of pending.values()) call.done({ error: gone() })
    pending.clear()
  })
  let first = true
  readLines(socket, MAX_ANSWER, (line) => {
    const message = parse(line)
    if (first) {
      first = false
      greeted(message)
      return
    }
    const answer = answerSchema.safeParse(message)
    const call = answer.success ? pending.get(answer.data.id) : undefined
    if (!answer.success || !call) {
      socket.destroy(answer.success && answer.data.error ? reviveError(answer.data.error) : undefined)
    } else if (answer.data.error !== undefined) {
      pending.delete(answer.data.id)
      call.done({ error: reviveError(answer.data.error) })
    } else if (answer.data.result !== undefined) {
      pending.delete(answer.data.id)
      call.done({ result: answer.data.result })
    } else call.onEvent(answer.data.event as never)
  })

  const timer = setTimeout(() => {
    greeted(null)
    socket.destroy()
  }, GREETING_MS)
  const said = await greeting
  clearTimeout(timer)
  // it ended before it saw us: a command that was done just now
  if (said === undefined) return null
  const hello = greetingSchema.safeParse(said)
  if (!hello.success) {
    socket.destroy()
    throw new DmcError(
      'CONTROL_PROTOCOL',
      `What listens at ${path} does not answer as this version of the agent.`,
      {
        hint: 'Restart the service after an upgrade, so that command line and agent are the same version.',
      },
    )
  }
  return {
    pid: hello.data.pid,
    background: hello.data.background,
    version: hello.data.version,
    async call(method, input, { onEvent, signal } = {}) {
      const id = nextId++
      const answer = await new Promise<Answer>((done) => {
        pending.set(id, { onEvent: onEvent ?? (() => {}), done })
        const cancel = () => socket.write(`${encodeJson({ id, cancel: true })}\n`)
        signal?.addEventListener('abort', cancel, { once: true })
        socket.write(`${encodeJson({ id, method, input })}\n`)
        if (signal?.aborted) cancel()
      })
      if ('error' in answer) throw answer.error
      return answer.result as never
    },
    close: () => socket.destroy(),
  }
}

type Answer = { result: unknown } | { error: DmcError }

function dial(path: string): Promise<Socket | null> {
  return new Promise((done, failed) => {
    let ours: boolean
    try {
      ours = isOurs(path)
    } catch (error) {
      return failed(notAllowed(path, error))
    }
    if (!ours) return done(null)
    const socket = connect(path)
    socket.once('connect', () => {
      socket.off('error', refused)
      done(socket)
    })
    const refused = (error: NodeJS.ErrnoException) => {
      if (error.code === 'EACCES' || error.code === 'EPERM') {
        failed(notAllowed(path, error))
      } else done(null)
    }
    socket.once('error', refused)
  })
}

/** Nobody else may have put the socket there: root and this user only. */
function isOurs(path: string): boolean {
  if (process.platform === 'win32') return true
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (!stat) return false
  const uid = process.getuid?.() ?? 0
  return stat.isSocket() && (stat.uid === uid || stat.uid === 0 || uid === 0)
}

function parse(line: string): unknown {
  try {
    return decodeJson(line)
  } catch {
    return null
  }
}

const notAllowed = (path: string, cause: unknown) =>
  new DmcError('AGENT_NOT_RUNNING', `The agent's control socket ${path} belongs to another user.`, {
    hint: 'Run the command as the user that runs the agent, for example: sudo -u dmc dmc-agent status.',
    cause,
  })

const gone = () =>
  new DmcError('AGENT_NOT_RUNNING', 'The agent went away before it answered.', {
    hint: 'Look at `dmc-agent journal` and the service log, start it again, and repeat the command: nothing is done twice.',
  })
