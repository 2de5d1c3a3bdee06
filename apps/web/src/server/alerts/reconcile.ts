import { type AlertKind, isWorse } from '@dmc/core/alerts/kinds'
import type { AlertRow, AlertText, AlertWrites } from '@dmc/db/alerts/alerts'
import type { Finding } from './finding.ts'
import type { Found } from './rules/run-rules.ts'

/** That something is still so is written this often. */
const SEEN_MS = 5 * 60_000
/** Alerts that a wallet can have at once; the mildest are left out. */
export const MOST_ALERTS = 500

const LENGTHS = { message: 300, cause: 500, hint: 300 } as const

export const keyOf = ({ kind, subject }: Pick<Finding, 'kind' | 'subject'>): string => `${kind} ${subject}`

/**
 * What the newest findings change in a wallet's alerts: new ones, worse ones, ones that come back, ones that are over. What a person
 * snoozed or dismissed stays quiet until its time is over or it gets worse, and begins anew when its cause was gone in between.
 */
export function reconcile(
  known: readonly AlertRow[],
  { findings, unknown }: Found,
  now: Date,
): Pick<AlertWrites, 'create' | 'update' | 'seen' | 'resolve'> {
  const rows = new Map(known.map((row) => [row.key, row]))
  const writes: ReturnType<typeof reconcile> = { create: [], update: [], seen: [], resolve: [] }
  const found = new Map<string, AlertText>()
  for (const finding of worstFirst(findings).slice(0, MOST_ALERTS)) {
    found.set(keyOf(finding), textOf(finding))
  }
  for (const [key, text] of found) {
    const row = rows.get(key)
    if (row === undefined) writes.create.push({ key, ...text })
    else {
      const change = changeOf(row, text, now)
      if (change !== null) writes.update.push(change)
      else if (now.getTime() - row.lastAt.getTime() >= SEEN_MS)
        writes.seen.push({ id: row.id, message: text.message, cause: text.cause })
    }
  }
  for (const row of known) {
    if (row.state === 'resolved' || found.has(row.key) || unknown.has(row.code as AlertKind)) continue
    writes.resolve.push(row.id)
  }
  return writes
}

/** Null: as it stands. */
function changeOf(row: AlertRow, text: AlertText, now: Date): AlertWrites['update'][number] | null {
  const same = {
    id: row.id,
    was: row.state,
    ...text,
    state: row.state,
    count: row.count,
    openedAt: row.openedAt,
    quietLevel: row.quietLevel,
    snoozedUntil: row.snoozedUntil,
  }
  const open = { state: 'open' as const, quietLevel: null, snoozedUntil: null }
  if (row.state === 'resolved') return { ...same, ...open, count: row.count + 1, openedAt: now }
  const worse = row.quietLevel !== null && isWorse(text.level, row.quietLevel)
  const slept = row.state === 'snoozed' && row.snoozedUntil !== null && row.snoozedUntil <= now
  const counted = text.stage === row.stage && text.level === row.level ? row.count : row.count + 1
  if ((row.state !== 'open' && worse) || slept) return { ...same, ...open, count: counted }
  if (counted !== row.count || !sameText(row, text)) return { ...same, count: counted }
  return null
}

/** Times in sentences run on by themselves: they are written anew with the next look that is due, not at every one. */
const still = (sentence: string) => sentence.replace(/\d+ (?:s|min|h|d|w)\b/g, '#')

function sameText(row: AlertRow, text: AlertText): boolean {
  return (
    still(row.message) === still(text.message) &&
    still(row.cause) === still(text.cause) &&
    row.hint === text.hint &&
    row.href === text.href &&
    row.action === text.action &&
    row.moneyAtStake === text.moneyAtStake &&
    (row.deadline?.getTime() ?? null) === (text.deadline?.getTime() ?? null)
  )
}

const ORDER = { error: 0, warning: 1, info: 2 }
const worstFirst = (findings: readonly Finding[]) =>
  [...findings].sort((a, b) => ORDER[a.level] - ORDER[b.level])

/** The last instant that a database keeps. */
const LATEST_S = 253_402_300_799

/** Bounded, and on one line: some of it was written by hosts and other wallets. */
function textOf(finding: Finding): AlertText {
  const { level, kind, subject, href, action, money, deadline, stage } = finding
  return {
    level,
    code: kind,
    subject: subject.slice(0, 160),
    message: cut(finding.message, LENGTHS.message),
    cause: cut(finding.cause, LENGTHS.cause),
    hint: cut(finding.hint, LENGTHS.hint),
    href,
    action,
    moneyAtStake: money,
    deadline: deadline === null ? null : new Date(Math.min(deadline, LATEST_S) * 1000),
    stage,
  }
}

const cut = (text: string, most: number): string => {
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim()
  const whole = line.length <= most ? line : `${line.slice(0, most - 1)}…`
  // never half a character
  return whole.replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])/g, '')
}
