import { withoutUrls } from '@dmc/core/chain/chain-error'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { noteTrouble } from '@dmc/db/chain/note-head'
import type { Lease } from '@dmc/db/engine'
import { createMarketFollower, type MarketFollowerOptions } from './market-follower.ts'
import { MissingRow } from './missing-row.ts'

export interface IndexerOptions extends MarketFollowerOptions {
  /** Between looks at the chain; default 300 ms on a devnet, 4 s elsewhere. */
  pollMs?: number | undefined
  /** Between looks whether the elected instance is still there; default 3 s. */
  electionMs?: number | undefined
  /** Told when the chain or the database can't be read (once), and when it can again (null). */
  onTrouble?: ((error: DmcError | null) => void) | undefined
}

export interface Indexer {
  /** Ends after the step at work. */
  close(): Promise<void>
}

const LONGEST_PAUSE_MS = 15_000

/** Keeps the database in step with the chain until closed. Of several instances on one database, one does the work. */
export function startIndexer(options: IndexerOptions): Indexer {
  const stop = new AbortController()
  const { db, onTrouble, chainId } = options
  const pollMs = options.pollMs ?? (chainId === 31337 ? 300 : 4_000)
  let troubled: string | null = null

  async function tell(error: unknown): Promise<void> {
    const known = DmcError.is(error) ? error : failure(error)
    if (troubled === known.message) return
    troubled = known.message
    onTrouble?.(known)
    const since = new Date().toISOString()
    await noteTrouble(db.prisma, { code: known.code, message: known.message, since }).catch(() => {})
  }

  async function clear(): Promise<void> {
    if (troubled === null) return
    await noteTrouble(db.prisma, null)
    troubled = null
    onTrouble?.(null)
  }

  async function follow(signal: AbortSignal): Promise<void> {
    const follower = createMarketFollower(options)
    let rebuilt = false
    for (let pause = pollMs; !signal.aborted; ) {
      try {
        const more = await follower.step()
        await clear()
        pause = more ? 0 : pollMs
        if (!more) rebuilt = false
      } catch (error) {
        if (signal.aborted) return
        await tell(error)
        // Rows that contradict the chain are made again, all of them; if that does not help, it is no use to go on at once.
        if (error instanceof MissingRow && !rebuilt) {
          rebuilt = true
          follower.forget()
        }
        pause = Math.min(Math.max(pause * 2, pollMs), LONGEST_PAUSE_MS)
      }
      if (pause > 0) await rest(pause, signal)
    }
  }

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      let lease: Lease | null = null
      try {
        lease = await db.tryLease('indexer')
        if (lease !== null) await follow(AbortSignal.any([stop.signal, lease.lost]))
      } catch (error) {
        await tell(error)
      } finally {
        await lease?.release().catch(() => {})
      }
      if (!stop.signal.aborted) await rest(options.electionMs ?? 3_000, stop.signal)
    }
  }

  const running = run()
  return {
    close() {
      stop.abort()
      return running
    },
  }
}

function failure(cause: unknown): DmcError {
  const { name = '', message = String(cause) } = cause instanceof Error ? cause : {}
  const database = /^(Prisma|DriverAdapter)/.test(name)
  return new DmcError(
    database ? 'DATABASE_UNREACHABLE' : 'BUG',
    `The indexer can’t go on: ${withoutUrls(message)}`,
    {
      hint: database
        ? 'It is tried again by itself; if it stays, look at the database’s own log.'
        : 'It is tried again by itself; if it stays, please report this.',
      cause,
    },
  )
}

function rest(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}
