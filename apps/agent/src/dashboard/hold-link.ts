import { AGENT_PROOF_SECONDS, agentSignInTypedData } from '@dmc/core/dashboard/agent-typed-data'
import { type Ask, ask, type DeliveredCommand, deliveredCommand } from '@dmc/core/dashboard/commands'
import { MESSAGE_BYTES } from '@dmc/core/dashboard/reports'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import type { AppRouter } from '@dmc/web/server/router'
import { createTRPCClient, createWSClient, wsLink } from '@trpc/client'
import superjson from 'superjson'
import { type Hex, isHex, type LocalAccount, size } from 'viem'
import { WebSocket } from 'ws'
import * as z from 'zod'
import { pause } from '../contract/wait.ts'
import { dashboardApi, dashboardError } from './api.ts'
import type { Outbox } from './outbox.ts'

const FIRST_WAIT_MS = 500
/** With its jitter: whoever dials is back well within half a minute of the dashboard. */
const LONGEST_WAIT_MS = 10_000
/** Messages of the dashboard within ten seconds; above that it is left alone for a while. */
const FLOOD = 300
const FLOOD_WINDOW_MS = 10_000
const FLOOD_PAUSE_MS = 60_000
const ASKS_AT_ONCE = 4

const askMessage = z.strictObject({ askId: z.uuid(), ask })

export interface LinkParts {
  origin: string
  agentId: string
  /** Signs the hello and nothing else. */
  identity: Pick<LocalAccount, 'signTypedData'>
  /** What is to be told; a batch is gone only when the dashboard has it. */
  outbox: Pick<Outbox, 'batch' | 'settled' | 'done' | 'onNew'>
  /** Writes a command down; false: too many wait already. */
  take(command: DeliveredCommand): boolean
  /** @throws what the screen is told */
  answer(asked: Ask): Promise<unknown>
  note(entry: { level?: 'warning'; event: string; message: string }): void
  /** The dashboard has taken the hello; and that this connection is over. */
  onOpen?: () => void
  onEnd?: () => void
  signal: AbortSignal
}

/**
 * Keeps the socket to a dashboard until the signal says so: reports out, commands and questions in, again after every drop. Nothing
 * that comes in is believed before it was checked. Knows the wire and nothing of a host.
 */
export async function holdLink(parts: LinkParts): Promise<void> {
  const { origin, agentId, identity, outbox, note, signal: ended } = parts
  const http = dashboardApi(origin, ended)

  /** The hello: a nonce of the dashboard under our signature, worthless at any other address. */
  const hello = async () => {
    const { nonce } = await http.link.nonce.mutate()
    if (!isHex(nonce, { strict: true }) || size(nonce) !== 32) {
      throw new DmcError('DASHBOARD_REFUSED', 'The dashboard’s nonce is not one.', {
        hint: 'Is it a DMC dashboard?',
      })
    }
    const expiresAt = BigInt(Math.floor(Date.now() / 1000) + AGENT_PROOF_SECONDS)
    const signature = await identity.signTypedData(
      agentSignInTypedData({ origin, nonce: nonce as Hex, agentId, expiresAt }),
    )
    return { kind: 'agent', agentId, nonce, expiresAt: String(expiresAt), signature }
  }

  const connectOnce = async (): Promise<'dropped' | 'flooded' | 'revoked'> => {
    const params = await hello()
    return new Promise((resolve) => {
      let over = false
      let heard = 0
      let asking = 0
      const timers: NodeJS.Timeout[] = []
      const end = (how: 'dropped' | 'flooded' | 'revoked') => {
        if (over) return
        over = true
        for (const timer of timers) clearInterval(timer)
        parts.onEnd?.()
        stopTelling()
        ended.removeEventListener('abort', onAbort)
        void client.close()
        socket?.terminate()
        resolve(how)
      }
      let socket: WebSocket | null = null
      class Socket extends WebSocket {
        constructor(address: string | URL) {
          super(address, {
            maxPayload: MESSAGE_BYTES,
            perMessageDeflate: false,
            followRedirects: false,
            handshakeTimeout: 15_000,
          })
          socket = this
          this.on('message', () => {
            if (++heard > FLOOD) end('flooded')
          })
        }
      }
      const client = createWSClient({
        url: `${origin.replace(/^http/, 'ws')}/api/ws`,
        WebSocket: Socket as never,
        connectionParams: () => params,
        // a new connection needs a new nonce: we dial again ourselves
        retryDelayMs: () => 2 ** 30,
        keepAlive: { enabled: true, intervalMs: 20_000, pongTimeoutMs: 10_000 },
        onClose: (cause) => end(cause?.code === 4410 ? 'revoked' : 'dropped'),
        onError: () => end('dropped'),
      })
      const api = createTRPCClient<AppRouter>({ links: [wsLink({ client, transformer: superjson })] })
      const onAbort = () => end('dropped')
      ended.addEventListener('abort', onAbort, { once: true })
      timers.push(
        setInterval(() => {
          heard = 0
        }, FLOOD_WINDOW_MS),
      )

      const refusedBy = (thrown: unknown) => {
        const { code } = dashboardError(origin, thrown)
        end(code === 'PAIRING_REVOKED' ? 'revoked' : 'dropped')
      }
      let sending = false
      const send = async () => {
        if (sending || over) return
        sending = true
        try {
          for (let batch = outbox.batch(); batch && !over; batch = outbox.batch()) {
            await outbox.settled()
            // asked of a client that is closed it would dial again
            if (over) return
            const { lastSeq, full } = await api.link.report.mutate(batch)
            const newest = batch.reports.at(-1)?.seq ?? 0n
            // whatever it says, not more than was sent is done
            if (typeof lastSeq !== 'bigint' || lastSeq < newest) throw new Error('not kept')
            outbox.done(newest)
            if (Array.isArray(full) && full.length > 0) {
              noteOnce(
                'dashboard-full',
                'The dashboard has no room for more sources, sectors, snapshots or orders of this host: it does not show all of them.',
              )
            }
            noteConnected()
          }
        } catch (thrown) {
          const error = dashboardError(origin, thrown)
          if (error.code === 'TOO_MANY_REQUESTS') {
            noteOnce(
              'dashboard-busy',
              `The dashboard takes no reports of this host for now: ${error.message}`,
            )
            setTimeout(() => void send(), 5_000).unref()
          } else refusedBy(thrown)
        } finally {
          sending = false
        }
      }
      const stopTelling = outbox.onNew(() => void send())
      timers.push(setInterval(() => void send(), 5_000))

      api.link.commands.subscribe(
        {},
        {
          onStarted: () => parts.onOpen?.(),
          onData: (message) => {
            const parsed = deliveredCommand.safeParse(message.data)
            if (!parsed.success)
              return noteOnce(
                'command-unknown',
                'The dashboard sent a command that this agent does not know; it was not carried out.',
              )
            if (!parts.take(parsed.data)) {
              return noteOnce(
                'command-flood',
                'The dashboard gives more commands than can be carried out; the rest waits.',
              )
            }
            api.link.took.mutate({ commandIds: [parsed.data.commandId] }).catch(() => {})
          },
          onError: refusedBy,
        },
      )
      api.link.asks.subscribe(undefined, {
        onData: (message) => {
          const parsed = askMessage.safeParse(message)
          if (!parsed.success || asking >= ASKS_AT_ONCE) return
          asking++
          const { askId } = parsed.data
          parts
            .answer(parsed.data.ask)
            .then(
              (answer) => api.link.answer.mutate({ askId, answer, error: null }),
              (thrown: unknown) => {
                const { code, message: text, hint } = toDmcError(thrown)
                const error = { code, message: text.slice(0, 1000), hint: hint.slice(0, 500) }
                return api.link.answer.mutate({ askId, answer: null, error })
              },
            )
            .catch(() => {})
            .finally(() => {
              asking--
            })
        },
        onError: refusedBy,
      })
      void send()
    })
  }

  let connectedNoted = false
  const noteConnected = () => {
    wait = FIRST_WAIT_MS
    if (connectedNoted) return
    connectedNoted = true
    note({ event: 'dashboard-connected', message: `Connected to the dashboard at ${origin}.` })
  }
  const noted = new Map<string, number>()
  const noteOnce = (event: string, message: string) => {
    if (Date.now() - (noted.get(event) ?? 0) < 600_000) return
    noted.set(event, Date.now())
    note({ level: 'warning', event, message })
  }

  let wait = FIRST_WAIT_MS
  const keep = async () => {
    while (!ended.aborted) {
      let pauseMs = wait * (0.7 + Math.random() * 0.6)
      wait = Math.min(wait * 2, LONGEST_WAIT_MS)
      try {
        const how = await connectOnce()
        if (ended.aborted) return
        if (how === 'revoked') {
          noteOnce(
            'dashboard-revoked',
            `The dashboard at ${origin} does not know this host any more. To pair it again: dmc-agent pair`,
          )
          pauseMs = 10 * 60_000
        } else if (how === 'flooded') {
          noteOnce(
            'dashboard-flood',
            `The dashboard at ${origin} sends more than makes sense; it is left alone for a minute.`,
          )
          pauseMs = FLOOD_PAUSE_MS
        } else if (connectedNoted) {
          connectedNoted = false
          note({
            level: 'warning',
            event: 'dashboard-lost',
            message: `The connection to the dashboard at ${origin} was lost; this host goes on with its work and dials again.`,
          })
        }
      } catch (thrown) {
        const error = dashboardError(origin, thrown)
        if (!ended.aborted) noteOnce(`dashboard-${error.code}`, `${error.message} ${error.hint}`)
      }
      await pause(pauseMs, ended).catch(() => {})
    }
  }
  await keep()
}
