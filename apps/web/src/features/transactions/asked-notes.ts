import type { Address, Hex } from 'viem'

/**
 * What a wallet is being asked to send. It is written down before the question and taken away by the answer: a page that is left in
 * between hears no answer, and the wallet may still send it.
 */
export interface Asked {
  to: Address
  data: Hex
  /** Wei, as text: storage knows no bigint. */
  value: string
  /** The account's next number and the newest block when it was asked. */
  nonce: number
  block: string
  askedAt: number
  /** Asked as one of several calls: the name by which the wallet knows them. */
  batch?: string
  /** It was said that the wallet may still show the question. */
  warned?: true
}

const keyOf = (name: string) => `dmc:asked:${name}`

/** The question of this name that nobody has heard the answer to. */
export function findAsked(name: string): Asked | null {
  try {
    const kept = JSON.parse(localStorage.getItem(keyOf(name)) ?? 'null') as Partial<Asked> | null
    return kept !== null && typeof kept.data === 'string' && typeof kept.nonce === 'number'
      ? (kept as Asked)
      : null
  } catch {
    return null // not ours
  }
}

export function noteAsked(name: string, asked: Asked): void {
  localStorage.setItem(keyOf(name), JSON.stringify(asked))
}

export function forgetAsked(name: string): void {
  localStorage.removeItem(keyOf(name))
}
