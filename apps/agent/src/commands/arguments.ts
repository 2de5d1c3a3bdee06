import { DmcError } from '@dmc/core/errors/dmc-error'
import type { Address } from 'viem'

const usage = (message: string, hint: string) => new DmcError('USAGE', message, { hint })

/** An on-chain id: a whole number from 0 (orders and bills count from 1; 0 is "all bills" of `endpoint set`). */
export function parseId(text: string, what: string): bigint {
  if (/^\d{1,20}$/.test(text)) return BigInt(text)
  throw usage(
    `'${text.slice(0, 40)}' is not the number of ${what}.`,
    'Give a whole number, as the lists show it.',
  )
}

/** A count of `what` between two bounds. */
export function parseCount(text: string, what: string, { min = 0, max = 65_535 } = {}): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  throw usage(`'${text.slice(0, 40)}' is not ${what}.`, `Give a whole number from ${min} to ${max}.`)
}

/** Weeks: `24` or `24w`. */
export function parseWeeks(text: string): number {
  return parseCount(text.replace(/w$/i, ''), 'a number of weeks', { min: 1 })
}

/** `4-52`, or one number for both ends. */
export function parseWeekRange(text: string): { minWeeks: number; maxWeeks: number } {
  const [from = '', to = from, more] = text.split('-')
  const minWeeks = parseWeeks(from.trim())
  const maxWeeks = parseWeeks(to.trim())
  if (more === undefined && minWeeks <= maxWeeks) return { minWeeks, maxWeeks }
  throw usage(
    `'${text.slice(0, 40)}' is not a range of weeks.`,
    'Write the shortest and the longest term, like 4-52.',
  )
}

export function parseAddress(text: string): Address {
  if (/^0x[0-9a-fA-F]{40}$/.test(text)) return text as Address
  throw usage(`'${text.slice(0, 60)}' is not an address.`, 'Give 0x and 40 hex digits.')
}

/** One of some words. */
export function parseChoice<T extends string>(text: string, what: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === text)
  if (found) return found
  throw usage(`'${text.slice(0, 40)}' is not ${what}.`, `Choose one of: ${choices.join(', ')}.`)
}
