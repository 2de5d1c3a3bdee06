'use client'

import { useSyncExternalStore } from 'react'
import type { Address, Hex } from 'viem'
import type { FollowUp } from './tell-follow-up.ts'

export type TrayState = 'submitted' | 'done' | 'reverted' | 'replaced' | 'dropped'

export interface TrayEntry {
  id: string
  title: string
  /** `0x` as long as only the wallet knows: of calls that it carries out as one. */
  hash: Hex
  /** The wallet's name for the calls that this was sent with as one. */
  batch?: string
  from: Address
  to: Address
  data: Hex
  /** Wei, as text: storage knows no bigint. */
  value: string
  nonce: number
  submittedAt: number
  submittedBlock: string
  state: TrayState
  confirmations: number
  /** Sentence and way out of a revert. */
  problem?: { message: string; hint: string }
  replacedBy?: Hex
  followUp?: FollowUp
  followed?: boolean
  /** The order or bill that came out of it. */
  result?: { orderId?: string; billId?: string }
  seen?: boolean
}

const KEEP = 20
const listeners = new Set<() => void>()
const cache = new Map<string, { text: string | null; entries: TrayEntry[] }>()

export const trayKey = (chainId: number, owner: Address) => `dmc:tray:${chainId}:${owner.toLowerCase()}`

function read(key: string): TrayEntry[] {
  const text = window.localStorage.getItem(key)
  const known = cache.get(key)
  if (known?.text === text) return known.entries
  let entries: TrayEntry[] = []
  try {
    const parsed: unknown = JSON.parse(text ?? '[]')
    if (Array.isArray(parsed)) entries = parsed as TrayEntry[]
  } catch {
    // what can't be read is as if nothing had been sent; the chain knows better anyway
  }
  cache.set(key, { text, entries })
  return entries
}

function write(key: string, entries: TrayEntry[]): void {
  window.localStorage.setItem(key, JSON.stringify(entries.slice(0, KEEP)))
  for (const tell of listeners) tell()
}

export function addToTray(key: string, entry: TrayEntry): void {
  write(key, [entry, ...read(key)])
}

export function changeInTray(key: string, id: string, change: Partial<TrayEntry>): void {
  write(
    key,
    read(key).map((entry) => (entry.id === id ? { ...entry, ...change } : entry)),
  )
}

export function removeFromTray(key: string, id: string): void {
  write(
    key,
    read(key).filter((entry) => entry.id !== id),
  )
}

/** Must it still be followed, or told to the dashboard? */
export const needsWork = (entry: TrayEntry): boolean =>
  entry.state === 'submitted' || (entry.state === 'done' && entry.followUp !== undefined && !entry.followed)

/** A transaction that was sent for the same source or sector and still waits. */
export function findUnfinished(key: string, of: FollowUp | undefined): TrayEntry | null {
  if (of === undefined) return null
  const same = (other: FollowUp) =>
    other.agentId === of.agentId &&
    (of.kind === 'order'
      ? other.kind === 'order' && other.sourceId === of.sourceId
      : other.kind === 'bill' && other.sectorId === of.sectorId)
  return read(key).find(({ state, followUp }) => state === 'submitted' && followUp && same(followUp)) ?? null
}

const NONE: TrayEntry[] = []

/** The transactions of a wallet on this chain, newest first; the same in all tabs. */
export function useTray(key: string | null): TrayEntry[] {
  return useSyncExternalStore(
    (tell) => {
      listeners.add(tell)
      window.addEventListener('storage', tell)
      return () => {
        listeners.delete(tell)
        window.removeEventListener('storage', tell)
      }
    },
    () => (key === null ? NONE : read(key)),
    () => NONE,
  )
}
