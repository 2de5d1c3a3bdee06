import { ERROR_CODES, type ErrorCode } from '@dmc/core/errors/codes'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { describe, expect, it } from 'vitest'
import { type Circumstances, classifyFailure, type Failure, failureOf } from './classify.ts'

const well: Circumstances = { chainAnswers: true, settled: true, authorised: true }
const own = (code: ErrorCode, more: Partial<Failure> = {}): Failure => ({
  code,
  saidByPeer: false,
  greeted: true,
  ownNetwork: false,
  ...more,
})
const said = (code: ErrorCode): Failure => own(code, { saidByPeer: true })
const outcome = (failure: Failure, at: Partial<Circumstances> = {}) =>
  classifyFailure(failure, { ...well, ...at }).outcome

describe('what a failed check is', () => {
  it('is wrong only for a signed answer that the Market would not take either', () => {
    const wrong = (Object.keys(ERROR_CODES) as ErrorCode[]).filter(
      (code) => outcome(own(code)) === 'wrong' || outcome(said(code)) === 'wrong',
    )
    expect(wrong.sort()).toEqual(['PROOF_INVALID', 'PROOF_LEAF_SIZE', 'PROOF_PATH_LENGTH'])
    expect(outcome(said('PROOF_INVALID'))).toBe('refused')
  })

  it('is our own trouble unless it is surely the miner’s: every code that is not named is unknown', () => {
    const blamed = (Object.keys(ERROR_CODES) as ErrorCode[]).filter(
      (code) => outcome(own(code)) !== 'unknown',
    )
    expect(blamed.sort()).toEqual([
      'ENDPOINT_INVALID',
      'ENDPOINT_MISSING',
      'ENDPOINT_REFUSED',
      'PEER_KEY_MISMATCH',
      'PEER_NOT_AUTHORISED',
      'PEER_PROTOCOL',
      'PEER_UNREACHABLE',
      'PEER_WRONG_MARKET',
      'PROOF_INVALID',
      'PROOF_LEAF_SIZE',
      'PROOF_PATH_LENGTH',
    ])
    for (const code of [
      'RPC_UNREACHABLE',
      'CHAIN_STALE',
      'BUG',
      'INTERRUPTED',
      'NOT_OPERATOR',
      'NO_PROBE',
    ] as const)
      expect(outcome(own(code)), code).toBe('unknown')
  })

  it('is offline only when we ourselves are online', () => {
    for (const code of ['PEER_UNREACHABLE', 'PEER_KEY_MISMATCH'] as const) {
      expect(outcome(own(code))).toBe('offline')
      expect(outcome(own(code), { chainAnswers: false })).toBe('unknown')
      expect(outcome(own(code, { ownNetwork: true }))).toBe('unknown')
    }
  })

  it('is refused when the miner says no, whatever it calls it', () => {
    for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
      expect(['refused', 'unknown'], code).toContain(outcome(said(code)))
    }
    for (const code of [
      'PEER_ERROR',
      'TOO_MANY_REQUESTS',
      'SECTOR_NOT_MOUNTED',
      'BUG',
      'RPC_UNREACHABLE',
    ] as const)
      expect(outcome(said(code)), code).toBe('refused')
    for (const code of ['PEER_PROTOCOL', 'PEER_NOT_AUTHORISED', 'PEER_WRONG_MARKET'] as const) {
      expect(outcome(own(code)), code).toBe('refused')
      // somebody who has not shown that it is the miner
      expect(outcome(own(code, { greeted: false })), code).toBe('offline')
      expect(outcome(own(code, { greeted: false }), { chainAnswers: false }), code).toBe('unknown')
    }
  })

  it('is nobody’s fault while the commitment is new, or when it was just replaced', () => {
    for (const code of ['COMMITMENT_UNKNOWN', 'READ_NOT_ALLOWED', 'ORDER_NOT_FOUND'] as const) {
      expect(outcome(said(code), { settled: false })).toBe('unknown')
      expect(outcome(said(code))).toBe('refused')
    }
  })

  it('is our own key’s when the miner does not take it and the chain does not say that it must', () => {
    expect(outcome(said('PEER_NOT_AUTHORISED'), { authorised: false })).toBe('unknown')
    expect(outcome(said('PEER_NOT_AUTHORISED'), { authorised: null })).toBe('unknown')
    expect(outcome(said('PEER_NOT_AUTHORISED'))).toBe('refused')
  })

  it('is a loss when it is wrong, or when the miner says so itself; nothing else is', () => {
    const lost = (Object.keys(ERROR_CODES) as ErrorCode[]).filter(
      (code) => classifyFailure(said(code), well).lost || classifyFailure(own(code), well).lost,
    )
    expect(lost.sort()).toEqual(['PROOF_INVALID', 'PROOF_LEAF_SIZE', 'PROOF_PATH_LENGTH', 'SECTOR_DAMAGED'])
    expect(classifyFailure(own('SECTOR_DAMAGED'), well).lost).toBe(false)
  })

  it('is read from the error and what caused it', () => {
    const cause = Object.assign(new Error('no way out'), { code: 'ENETUNREACH' })
    const error = new DmcError('PEER_UNREACHABLE', 'x', { hint: 'y', cause })
    expect(failureOf(error, false)).toEqual({
      code: 'PEER_UNREACHABLE',
      saidByPeer: false,
      greeted: false,
      ownNetwork: true,
    })
    const other = Object.assign(new Error('nobody there'), { code: 'ECONNREFUSED' })
    expect(
      failureOf(new DmcError('PEER_UNREACHABLE', 'x', { hint: 'y', cause: other }), false).ownNetwork,
    ).toBe(false)
    const peer = new DmcError('SECTOR_DAMAGED', 'x', { hint: 'y', meta: { saidByPeer: true } })
    expect(failureOf(peer, true).saidByPeer).toBe(true)
  })
})
