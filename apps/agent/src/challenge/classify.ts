import type { CheckOutcome } from '@dmc/core/challenge/outcomes'
import type { ErrorCode } from '@dmc/core/errors/codes'
import type { DmcError } from '@dmc/core/errors/dmc-error'
import { isSaidByPeer } from '../contract/wire/exchange.ts'

/** How a check failed, as far as its error shows. */
export interface Failure {
  code: ErrorCode
  /** The one that answered said it; else this host came to it by itself. */
  saidByPeer: boolean
  /** Somebody had proved, on this check's connections, to speak for the miner. */
  greeted: boolean
  /** The operating system blames this host's own network. */
  ownNetwork: boolean
}

/** What the chain says about the question, asked after the failure. */
export interface Circumstances {
  /** Our own node answers, so that this host is online. */
  chainAnswers: boolean
  /** The commitment asked about is still in force and has been for longer than any node lags behind. */
  settled: boolean
  /** The signer may speak for the user by the chain; null when that can't be told (a reader's key stands in the data). */
  authorised: boolean | null
}

export interface Verdict {
  outcome: Exclude<CheckOutcome, 'passed'>
  /** The miner itself says that it no longer has the data. */
  lost: boolean
}

type Rule = Verdict['outcome'] | ((failure: Failure, at: Circumstances) => Verdict['outcome'])

/** Nobody was reached: its fault only if we were online. */
const unreached: Rule = ({ ownNetwork }, { chainAnswers }) =>
  ownNetwork || !chainAnswers ? 'unknown' : 'offline'
/** Over a pinned connection it is the miner's answer; before the hello it may be anybody's. */
const notSpoken: Rule = ({ greeted }, at) => (greeted ? 'refused' : at.chainAnswers ? 'offline' : 'unknown')

/** Errors that this host came to by itself. What is not here is our own trouble: unknown. */
const OWN: Partial<Record<ErrorCode, Rule>> = {
  PEER_UNREACHABLE: unreached,
  ENDPOINT_MISSING: 'offline',
  ENDPOINT_INVALID: 'offline',
  ENDPOINT_REFUSED: 'offline',
  PEER_KEY_MISMATCH: unreached,
  PEER_PROTOCOL: notSpoken,
  PEER_NOT_AUTHORISED: notSpoken,
  PEER_WRONG_MARKET: notSpoken,
  // of a signed answer, by the checks of the Market
  PROOF_INVALID: 'wrong',
  PROOF_LEAF_SIZE: 'wrong',
  PROOF_PATH_LENGTH: 'wrong',
}

/** A miner that has not heard of the commitment yet, or a commitment that has just been replaced, is nobody's fault. */
const ifSettled: Rule = (_failure, { settled }) => (settled ? 'refused' : 'unknown')
const ifAuthorised: Rule = (_failure, { authorised }) => (authorised === true ? 'refused' : 'unknown')

/** Errors that the miner said. What is not here is a refusal, whatever it calls it. */
const SAID: Partial<Record<ErrorCode, Rule>> = {
  COMMITMENT_UNKNOWN: ifSettled,
  READ_NOT_ALLOWED: ifSettled,
  ORDER_NOT_FOUND: ifSettled,
  PEER_NOT_AUTHORISED: ifAuthorised,
  INTERRUPTED: 'unknown',
}

/** Which outcome a failed check is: the one table for it. Only what is surely the miner's is held against it. */
export function classifyFailure(failure: Failure, at: Circumstances): Verdict {
  const { code, saidByPeer } = failure
  const rule = saidByPeer ? (SAID[code] ?? 'refused') : (OWN[code] ?? 'unknown')
  const outcome = typeof rule === 'function' ? rule(failure, at) : rule
  return { outcome, lost: outcome === 'wrong' || (saidByPeer && code === 'SECTOR_DAMAGED') }
}

/** Failures of this machine's own network, names and sockets. */
const OWN_NETWORK = ['ENETDOWN', 'ENETUNREACH', 'EADDRNOTAVAIL', 'EAI_AGAIN', 'EMFILE', 'ENFILE', 'ENOBUFS']

export function failureOf(error: DmcError, greeted: boolean): Failure {
  let ownNetwork = false
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && OWN_NETWORK.includes(String(cause.code))) ownNetwork = true
  }
  return { code: error.code, saidByPeer: isSaidByPeer(error), greeted, ownNetwork }
}
