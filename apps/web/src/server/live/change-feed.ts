import { readAllChanges } from '@dmc/db/agents/read-all-changes'
import { newestChange } from '@dmc/db/changes/newest-change'
import { CHANGES_CHANNEL } from '@dmc/db/changes/note-changes'
import { readChanges } from '@dmc/db/changes/read-changes'
import type { Database } from '@dmc/db/open-database'

export interface FeedItem {
  id: bigint
  topic: string
  owner: string | null
}

/** Changes in memory: who is up to date needs no query. */
const KEPT = 2_000

/**
 * What changed, read once per process and handed to every subscriber; the rows in the database are the truth, so whoever fell behind or
 * comes back reads on from the last id it has seen.
 */
export class ChangeFeed {
  readonly #db: Database
  readonly #waiting = new Set<() => void>()
  #kept: FeedItem[] = []
  /** Everything after this id is in `#kept`. */
  #from = 0n
  #last = 0n
  #head = ''
  #reading: Promise<void> | null = null
  #again = false
  #closers: (() => Promise<void>)[] = []

  private constructor(db: Database) {
    this.#db = db
  }

  static async open(db: Database): Promise<ChangeFeed> {
    const feed = new ChangeFeed(db)
    feed.#closers.push(await db.listen(CHANGES_CHANNEL, () => void feed.#read()))
    feed.#closers.push(
      await db.listen('head', (number) => {
        if (number === null || number === feed.#head) return
        feed.#head = number
        feed.#wake()
      }),
    )
    feed.#last = await newestChange(db.prisma)
    feed.#from = feed.#last
    return feed
  }

  /** The newest id; a new subscription begins here. */
  get last(): bigint {
    return this.#last
  }

  /** The newest block number that was told, as text. */
  get head(): string {
    return this.#head
  }

  /** What a wallet (or nobody) may know of after `since`; `missed`: some are gone, read everything anew. */
  async after(
    since: bigint,
    owner: string | null,
  ): Promise<{ items: FeedItem[]; last: bigint; missed: boolean }> {
    if (since >= this.#from) {
      const items = this.#kept.filter(
        (item) => item.id > since && (item.owner === null || item.owner === owner),
      )
      return { items, last: this.#last > since ? this.#last : since, missed: since > this.#last }
    }
    const { changes, last, missed } = await readChanges(this.#db.prisma, { since, owner })
    return { items: changes.map(toItem), last, missed }
  }

  /** Whatever changed after `since`, whosever, of what is still in memory; `missed`: some is not, look at everything. */
  everything(since: bigint): { items: FeedItem[]; last: bigint; missed: boolean } {
    const missed = since < this.#from || since > this.#last
    return { items: missed ? [] : this.#kept.filter((item) => item.id > since), last: this.#last, missed }
  }

  /** Resolves at the next change or block, or when the signal says so. */
  next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#waiting.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      if (signal.aborted) return resolve()
      this.#waiting.add(done)
      signal.addEventListener('abort', done, { once: true })
    })
  }

  async close(): Promise<void> {
    for (const close of this.#closers) await close()
    this.#wake()
  }

  #wake(): void {
    for (const done of [...this.#waiting]) done()
  }

  async #read(): Promise<void> {
    if (this.#reading) {
      this.#again = true
      return
    }
    this.#reading = this.#readAll().catch(() => {
      // the database is away; the next message, or the next subscriber, reads what is missing
    })
    await this.#reading
    this.#reading = null
    if (this.#again) {
      this.#again = false
      void this.#read()
    }
  }

  async #readAll(): Promise<void> {
    for (;;) {
      const rows = await readAllChanges(this.#db.prisma, this.#last)
      const newest = rows.at(-1)
      if (newest === undefined) return
      this.#kept.push(...rows.map(toItem))
      this.#last = newest.id
      const spare = this.#kept.length - KEPT
      if (spare > 0) this.#from = this.#kept.splice(0, spare).at(-1)?.id ?? this.#from
      this.#wake()
      if (rows.length < 500) return
    }
  }
}

const toItem = (row: { id: bigint; topic: string; key: string; owner: string | null }): FeedItem => ({
  id: row.id,
  topic: row.key === '' ? row.topic : `${row.topic}:${row.key}`,
  owner: row.owner,
})
