import type { SqlDriverAdapterFactory } from '@prisma/client/runtime/client'

/** A connection of its own, outside of Prisma: migrations, locks, notifications. */
export interface Connection {
  query(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]>
  /** Several statements, without values. */
  script(sql: string): Promise<void>
  release(): Promise<void>
}

/** Told of a message on a channel; null: messages may have been missed, look for yourself. */
export type Listener = (payload: string | null) => void

/** Held until released; `lost` aborts when the database took it back (the connection broke). */
export interface Lease {
  readonly lost: AbortSignal
  release(): Promise<void>
}

/** What differs between PGlite in a folder and a PostgreSQL server. */
export interface Engine {
  readonly kind: 'pglite' | 'postgresql'
  readonly adapter: SqlDriverAdapterFactory
  connect(): Promise<Connection>
  listen(channel: string, listener: Listener): Promise<() => Promise<void>>
  /** A lock that one process among all on this database holds; null when another has it. */
  tryLease(name: string): Promise<Lease | null>
  close(): Promise<void>
}
