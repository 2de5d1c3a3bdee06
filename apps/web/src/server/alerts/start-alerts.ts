import { knownOwners, listOwners, partiesOf } from '@dmc/db/alerts/load-alert-facts'
import type { Lease } from '@dmc/db/engine'
import type { Database } from '@dmc/db/open-database'
import type { ChangeFeed } from '../live/change-feed.ts'
import { logError } from '../log-error.ts'
import type { BalanceReader } from './balances.ts'
import type { Courier } from './courier.ts'
import { lookAtOwners } from './look-at-owners.ts'

export interface AlertsOptions {
  db: Database
  feed: Pick<ChangeFeed, 'last' | 'everything' | 'next'>
  balances: BalanceReader
  courier: Courier
  /** Between looks at everybody: time alone changes things; default 30 s. */
  everyMs?: number | undefined
  /** After a change, so that what changes together is looked at together; default 500 ms. */
  gatherMs?: number | undefined
  now?: () => Date
}

export interface Alerts {
  close(): Promise<void>
}

const WALLETS_AT_ONCE = 100
const ELECTION_MS = 3_000
const DELIVER_MS = 1_000
/** It rests so many times as long as a look took: where thousands of hosts report, reports go first. */
const SHARE = 4

/** What changes nothing that a rule looks at. */
const QUIET_TOPICS = new Set(['alert', 'message', 'journal', 'job', 'command', 'pairing', 'endpoint', 'bill'])

/**
 * Keeps every wallet's alerts in step with the rows until closed: those concerned after each change, all of them every half minute;
 * and sends what goes out. Of several instances on one database one does the work, so nothing is sent twice.
 */
export function startAlerts(options: AlertsOptions): Alerts {
  const { db, feed, balances, courier, everyMs = 30_000, gatherMs = 500, now = () => new Date() } = options
  const stop = new AbortController()

  const look = (owners: readonly string[]) =>
    lookAtOwners({ db, balances, mail: courier.mail, now: now() }, owners)

  async function lookAtAll(signal: AbortSignal): Promise<void> {
    for (let after = ''; !signal.aborted; ) {
      const owners = await listOwners(db, { after, limit: WALLETS_AT_ONCE })
      await look(owners)
      const last = owners.at(-1)
      if (last === undefined || owners.length < WALLETS_AT_ONCE) return
      after = last
    }
  }

  async function work(signal: AbortSignal): Promise<void> {
    let since = feed.last
    let nextLook = 0
    while (!signal.aborted) {
      const started = performance.now()
      const changed = feed.next(AbortSignal.any([signal, AbortSignal.timeout(Math.min(everyMs, 1_000))]))
      try {
        const { items, last, missed } = feed.everything(since)
        since = last
        if (missed || Date.now() >= nextLook) {
          nextLook = Date.now() + everyMs
          await lookAtAll(signal)
        } else {
          const concerned = await ownersOf(db, items)
          if (concerned === 'all') nextLook = 0
          else {
            for (let i = 0; i < concerned.length; i += WALLETS_AT_ONCE)
              await look(concerned.slice(i, i + WALLETS_AT_ONCE))
          }
        }
      } catch (error) {
        if (signal.aborted) return
        logError('alerts', error)
        await rest(5_000, signal)
      }
      const took = performance.now() - started
      await changed
      await rest(Math.max(gatherMs, took * SHARE), signal)
    }
  }

  /** Beside the looks: a webhook that is slow delays no alert. */
  async function deliver(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await courier.sendDue(signal)
      } catch (error) {
        if (!signal.aborted) logError('alerts', error)
      }
      await rest(DELIVER_MS, signal)
    }
  }

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      let lease: Lease | null = null
      try {
        lease = await db.tryLease('alerts')
        if (lease !== null) {
          const signal = AbortSignal.any([stop.signal, lease.lost])
          await Promise.all([work(signal), deliver(signal)])
        }
      } catch (error) {
        logError('alerts', error)
      } finally {
        await lease?.release().catch(() => {})
      }
      await rest(ELECTION_MS, stop.signal)
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

/** Whom changes concern: those whose they are, and both sides of what is everybody's. */
async function ownersOf(
  db: Database,
  items: readonly { topic: string; owner: string | null }[],
): Promise<string[] | 'all'> {
  const owners = new Set<string>()
  const orders = new Set<bigint>()
  for (const { topic, owner } of items) {
    const [kind = '', key = ''] = topic.split(':')
    if (QUIET_TOPICS.has(kind)) continue
    if (owner !== null) owners.add(owner)
    else if (kind === 'market') return 'all'
    else if ((kind === 'order' || kind === 'challenge') && /^\d{1,19}$/.test(key)) orders.add(BigInt(key))
    else if (kind === 'operator' || kind === 'credit') owners.add(key)
  }
  for (const wallet of await partiesOf(db, [...orders])) owners.add(wallet)
  return knownOwners(db, [...owners])
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
