import { DmcError } from '@dmc/core/errors/dmc-error'
import { countAttempt } from '../account/rate-limit.ts'
import type { Database, Queries } from '../open-database.ts'

/** Rows of one agent. A host that reports without end fills no database: of what people look back at the oldest goes, the rest is not taken. */
export const MOST_ROWS = {
  source: 1_000,
  sector: 1_000,
  job: 1_000,
  journal: 20_000,
  snapshot: 20_000,
  contract: 10_000,
} as const

/** A new store on the host makes the journal's old numbers free, which is work for us; a host has one in years. */
const MOST_EPOCHS = 5
const HOUR_MS = 3600_000
/** Entries by which a journal may be longer before it is cut again. */
const JOURNAL_SLACK = 500

export type Kept = 'source' | 'sector' | 'snapshot' | 'contract'

/** Is there room for one more row of an agent? Counts each kind once, for as long as one batch takes. */
export class Room {
  readonly full = new Set<Kept>()
  readonly #tx: Queries
  readonly #agentId: string
  readonly #counts = new Map<Kept, number>()

  constructor(tx: Queries, agentId: string) {
    this.#tx = tx
    this.#agentId = agentId
  }

  /** Counts one in that is new. @returns false when there is no room for it */
  async take(kind: Kept): Promise<boolean> {
    if (this.full.has(kind)) return false
    let count = this.#counts.get(kind) ?? (await this.#count(kind))
    // what was removed on the host is shown nowhere any more
    if (count >= MOST_ROWS[kind] && (kind === 'source' || kind === 'sector')) {
      count -= await this.#forgetRemoved(kind)
    }
    const fits = count < MOST_ROWS[kind]
    if (!fits) this.full.add(kind)
    this.#counts.set(kind, fits ? count + 1 : count)
    return fits
  }

  #count(kind: Kept): Promise<number> {
    const where = { agentId: this.#agentId }
    switch (kind) {
      case 'source':
        return this.#tx.source.count({ where })
      case 'sector':
        return this.#tx.sector.count({ where })
      case 'snapshot':
        return this.#tx.snapshot.count({ where })
      case 'contract':
        return this.#tx.contract.count({ where })
    }
  }

  async #forgetRemoved(kind: 'source' | 'sector'): Promise<number> {
    const where = { agentId: this.#agentId, removedAt: { not: null } }
    const { count } =
      kind === 'source'
        ? await this.#tx.source.deleteMany({ where })
        : await this.#tx.sector.deleteMany({ where })
    return count
  }
}

/** @throws TOO_MANY_REQUESTS when the agent has begun anew too often */
export async function mayBeginAnew(tx: Queries, agentId: string, now: Date): Promise<void> {
  const { count, resetAt } = await countAttempt(
    { prisma: tx },
    { key: `epoch ${agentId}`, windowMs: HOUR_MS, now },
  )
  if (count <= MOST_EPOCHS) return
  throw new DmcError(
    'TOO_MANY_REQUESTS',
    `This agent began a new store ${MOST_EPOCHS} times within an hour; nothing more is taken from it until ${resetAt.toISOString()}.`,
    { hint: 'Do two hosts, or copies of one data folder, use the same identity? Let one of them run.' },
  )
}

/** Only the newest jobs stay. */
export async function cutJobs(tx: Queries, agentId: string): Promise<void> {
  await tx.$executeRaw`
    DELETE FROM jobs WHERE "agentId" = ${agentId} AND "jobId" IN (
      SELECT "jobId" FROM jobs WHERE "agentId" = ${agentId}
      ORDER BY "updatedAt" DESC, "startedAt" DESC NULLS LAST, "jobId" OFFSET ${MOST_ROWS.job})`
}

/** Entries since the journal of an agent was cut, by this process. */
const sinceCut = new WeakMap<Database, Map<string, number>>()

/** Only the newest entries stay; looked at now and then, as it takes a walk over all of them. */
export async function cutJournal(
  db: Database,
  tx: Queries,
  of: { agentId: string; owner: string; added: number },
): Promise<void> {
  const counts = sinceCut.get(db) ?? new Map<string, number>()
  sinceCut.set(db, counts)
  const since = (counts.get(of.agentId) ?? JOURNAL_SLACK) + of.added
  if (since <= JOURNAL_SLACK) {
    counts.set(of.agentId, since)
    return
  }
  counts.set(of.agentId, 0)
  await tx.$executeRaw`
    DELETE FROM journal WHERE owner = ${of.owner} AND "agentId" = ${of.agentId} AND id <= (
      SELECT id FROM journal WHERE owner = ${of.owner} AND "agentId" = ${of.agentId}
      ORDER BY id DESC OFFSET ${MOST_ROWS.journal} LIMIT 1)`
}
