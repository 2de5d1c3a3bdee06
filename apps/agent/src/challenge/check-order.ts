import type { Commitment, MarketReader, OrderOnChain } from '@dmc/core/chain/types'
import type { CheckOutcome } from '@dmc/core/challenge/outcomes'
import { pickLeaves } from '@dmc/core/challenge/pick-leaves'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import { equalBytes } from '@dmc/core/log/bytes'
import { LEAF_SIZE, treeDepth } from '@dmc/core/merkle/constants'
import { createNodeHasher } from '@dmc/core/merkle/node-hasher'
import { verifyLeaf } from '@dmc/core/merkle/verify-leaf'
import { leafAnswersHash, probeAnswerHash } from '@dmc/core/protocol/answers-hash'
import { WIRE_LIMITS } from '@dmc/core/protocol/limits'
import type { LocalAccount } from 'viem'
import { sameCommitment } from '../contract/same-commitment.ts'
import { interrupted } from '../contract/wait.ts'
import { speaksFor, USER_SCOPES } from '../contract/wire/live-operator.ts'
import { connectMiner, isSignedByMiner, type MinerClient, notSigned } from '../contract/wire/miner-client.ts'
import { RetryLoop } from '../contract/wire/retry-loop.ts'
import { classifyFailure, failureOf } from './classify.ts'
import { type Evidence, leavesEvidence, probeEvidence } from './evidence.ts'
import { findFailingLeaf } from './find-failing-leaf.ts'

/** A saved single-use question about a range, with the answer that its data gives. */
export interface Probe {
  offset: bigint
  length: bigint
  /** 32 bytes. */
  key: Uint8Array
  /** HMAC-SHA256(key, data), 32 bytes. */
  mac: Uint8Array
}

export type Question = { leaves: readonly bigint[] } | { probe: Probe }

/** What a check needs of a miner; the wire gives it, tests may stand in for it. */
export type Questioned = Pick<MinerClient, 'askLeaves' | 'askProbe' | 'close'>

export interface CheckOptions {
  reader: MarketReader
  orderId: bigint
  /** Who asks: the user's side (its wallet or operator), or the reader named in the header leaf. */
  role: 'user' | 'reader'
  signer: LocalAccount
  /** What is asked, when the commitment is known. `question` may throw; then nothing was asked. */
  question: (commitment: Commitment) => Question
  /** The commitment to ask about; without it the one in force by the chain. */
  commitment?: Commitment
  /** Unix ms since when the caller has known this commitment to be in force; without it, it counts as new. */
  inForceSince?: (commitment: Commitment) => number
  /** The order on the newest block, to see what is not confirmed yet; default: the confirmed one again. */
  newest?: (orderId: bigint) => Promise<OrderOnChain>
  allowPrivate: boolean
  signal: AbortSignal
  /** How long a failing network is tried again before the miner counts as offline; the whole check takes at most twice as long. */
  patienceMs?: number
  /** Unix ms. */
  now?: () => number
  connect?: (options: { signal: AbortSignal; patienceMs: number }) => Promise<Questioned>
}

/** One off-chain challenge and what came of it. Never thrown: a check that could not be made is `unknown`. */
export interface CheckResult {
  orderId: bigint
  /** Unix ms when it began. */
  atMs: number
  kind: 'leaves' | 'probe'
  commitment: Commitment | null
  /** Leaves asked for; 0 for a probe. */
  leaves: number
  /** Stored bytes that the answer vouches for. */
  bytes: number
  outcome: CheckOutcome
  /** From question to answer; null when there was none. */
  latencyMs: number | null
  error: DmcError | null
  /** The signed exchange: of a passed check, or the wrong answer. */
  evidence: Evidence | null
  /** The leaf that the miner could not prove, if it is known which. */
  failingLeaf: bigint | null
  /** What to ask again to see whether it was chance: the failing leaf, else those among which it is, at most 64. */
  suspects: bigint[]
  /** Wrong, or the miner says itself that the data is lost: not a matter of waiting. */
  lost: boolean
  /** The question went to the miner, so that a probe's key is spent. */
  asked: boolean
}

/** A miner that has not heard of a commitment for so long does not lag behind. */
export const SETTLED_MS = 15 * 60_000
const PATIENCE_MS = 60_000
/** For finding the leaf among those of a probe: some twenty requests. */
const NARROW_MS = 120_000

/**
 * Asks an order's miner to prove leaves or a probe (flow 14), with nothing but the commitment: the source may be gone. Bound to no source,
 * so that whoever holds a key that the miner greets can ask. @throws INTERRUPTED when the signal aborts, nothing else
 */
export async function checkOrder(options: CheckOptions): Promise<CheckResult> {
  const { reader, orderId, signal, now = Date.now, patienceMs = PATIENCE_MS } = options
  const result: CheckResult = {
    orderId,
    atMs: now(),
    kind: 'leaves',
    commitment: null,
    leaves: 0,
    bytes: 0,
    outcome: 'unknown',
    latencyMs: null,
    error: null,
    evidence: null,
    failingLeaf: null,
    suspects: [],
    lost: false,
    asked: false,
  }
  let order: OrderOnChain
  try {
    order = await reader.order(orderId)
    result.commitment = options.commitment ?? order.commitment
    await mustBeCheckable(options, order, result.commitment)
  } catch (thrown) {
    if (signal.aborted) throw interrupted()
    result.error = toDmcError(thrown)
    return result
  }
  const commitment = result.commitment as Commitment
  const late = AbortSignal.timeout(2 * patienceMs)
  const until = AbortSignal.any([signal, late])
  let client: Questioned | null = null
  let question: Question | null = null
  try {
    question = options.question(commitment)
    result.kind = 'leaves' in question ? 'leaves' : 'probe'
    client = await connected(options, until, patienceMs)
    const depth = treeDepth(order.capacity)
    const asking = { reader, orderId, depth, commitment, client }
    if ('leaves' in question) await askLeaves(asking, question.leaves, result)
    else await askProbe(asking, question.probe, result)
  } catch (thrown) {
    if (signal.aborted) throw interrupted()
    const error = late.aborted ? tooLate(orderId, 2 * patienceMs) : toDmcError(thrown)
    result.error = error
    const verdict = classifyFailure(failureOf(error, client !== null), await circumstances(options, result))
    result.outcome = verdict.outcome
    result.lost = verdict.lost
  } finally {
    await client?.close()
  }
  if (question !== null && result.outcome !== 'passed') {
    const range = rangeOf(question, commitment)
    if (result.lost && result.failingLeaf === null) await narrow(options, order, range, result)
    const { failingLeaf } = result
    result.suspects =
      failingLeaf === null
        ? pickLeaves(BigInt(range.length), WIRE_LIMITS.challengeLeaves, Math.random).map(
            (i) => range[Number(i)] ?? 0n,
          )
        : [failingLeaf]
  }
  return result
}

interface Asking {
  reader: MarketReader
  orderId: bigint
  /** Of the order's tree. */
  depth: number
  commitment: Commitment
  client: Questioned
}

/** Asks for leaves and judges the answer. @throws PROOF_* with the leaf in `result`, PEER_*, what the miner says */
async function askLeaves(
  { reader, orderId, depth, commitment, client }: Asking,
  leaves: readonly bigint[],
  result: CheckResult,
): Promise<void> {
  Object.assign(result, { leaves: leaves.length, bytes: leaves.length * LEAF_SIZE, asked: true })
  const raw = await client.askLeaves(leaves, commitment)
  result.latencyMs = raw.latencyMs
  if (!(await isSignedByMiner(reader, orderId, raw, leafAnswersHash(raw.answers)))) throw notSigned(raw.miner)
  result.evidence = leavesEvidence(orderId, raw)
  const { root, size } = commitment
  const hasher = createNodeHasher()
  for (const answer of raw.answers) {
    try {
      verifyLeaf({ hasher, root, size, depth, ...answer })
    } catch (error) {
      result.failingLeaf = answer.index
      throw error
    }
  }
  result.outcome = 'passed'
}

async function askProbe(
  { reader, orderId, commitment, client }: Asking,
  probe: Probe,
  result: CheckResult,
): Promise<void> {
  const { offset, length, key, mac } = probe
  Object.assign(result, { bytes: Number(length), asked: true })
  const raw = await client.askProbe({ offset, length, key }, commitment)
  result.latencyMs = raw.latencyMs
  const hash = probeAnswerHash({ ...raw.probe, hmac: raw.hmac })
  if (!(await isSignedByMiner(reader, orderId, raw, hash))) throw notSigned(raw.miner)
  result.evidence = probeEvidence(orderId, raw, mac)
  if (!equalBytes(raw.hmac, mac)) {
    throw new DmcError(
      'PROOF_INVALID',
      `Bytes ${offset} to ${offset + length} of order ${orderId} are not what was stored: the probe’s answer differs.`,
      {
        hint: 'The leaves of this range are asked for one by one: dmc-agent order checks shows what came of it.',
      },
    )
  }
  result.outcome = 'passed'
}

/**
 * Which leaf is it? Only a leaf can be challenged on chain, and a probe is an old note of this host's own: if every leaf of its range is
 * proven, the data is there and the note is what is wrong.
 */
async function narrow(
  options: CheckOptions,
  order: OrderOnChain,
  range: readonly bigint[],
  result: CheckResult,
): Promise<void> {
  const { reader, orderId, signal, patienceMs = PATIENCE_MS } = options
  const commitment = result.commitment as Commitment
  const until = AbortSignal.any([signal, AbortSignal.timeout(NARROW_MS)])
  let client: Questioned | null = null
  try {
    client = await connected(options, until, patienceMs)
    const depth = treeDepth(order.capacity)
    const asking = { reader, orderId, depth, commitment, client }
    const found = await findFailingLeaf(range, async (leaves) => {
      const part = {
        ...result,
        outcome: 'unknown',
        evidence: null,
        failingLeaf: null,
        lost: false,
      } as CheckResult
      try {
        await askLeaves(asking, leaves, part)
        return { kind: 'proven' }
      } catch (thrown) {
        const failure = failureOf(toDmcError(thrown), true)
        const { lost } = classifyFailure(failure, { chainAnswers: true, settled: true, authorised: true })
        if (part.failingLeaf !== null)
          return { kind: 'failing', leaf: part.failingLeaf, evidence: part.evidence }
        return lost ? { kind: 'lost' } : { kind: 'stopped' }
      }
    })
    if (found.kind === 'failing') {
      result.failingLeaf = found.leaf
      // a signed leaf says more than a probe that only we can judge
      if (found.evidence !== null) Object.assign(result, { evidence: found.evidence, outcome: 'wrong' })
    } else if (found.kind === 'proven' && result.kind === 'probe') {
      Object.assign(result, { outcome: 'unknown', lost: false })
    } else if (found.kind === 'proven') {
      // it has what it said it had not, a moment later
      Object.assign(result, { lost: false })
    }
  } catch {
    if (signal.aborted) throw interrupted()
    // which leaf it is stays open; a re-check finds it
  } finally {
    await client?.close()
  }
}

function rangeOf(question: Question, { size }: Commitment): bigint[] {
  if ('leaves' in question) return [...question.leaves]
  const first = question.probe.offset / BigInt(LEAF_SIZE)
  const past = (question.probe.offset + question.probe.length + BigInt(LEAF_SIZE) - 1n) / BigInt(LEAF_SIZE)
  const end = size / BigInt(LEAF_SIZE)
  const last = past < end ? past : end
  return Array.from({ length: Number(last - first) }, (_, i) => first + BigInt(i))
}

/** A connection within the patience: the network may fail, each failure that can pass is tried again. */
async function connected(
  options: CheckOptions,
  signal: AbortSignal,
  patienceMs: number,
): Promise<Questioned> {
  const { reader, orderId, role, signer, allowPrivate } = options
  const retry = new RetryLoop({ signal, patienceMs })
  for (;;) {
    try {
      if (options.connect) return await options.connect({ signal, patienceMs })
      return await connectMiner({
        endpoint: null,
        reader,
        orderId,
        role,
        signer,
        allowPrivate,
        signal,
        connections: 1,
        patienceMs,
      })
    } catch (error) {
      await retry.decide(error)
    }
  }
}

async function mustBeCheckable(
  { reader, orderId, role, signer }: CheckOptions,
  order: OrderOnChain,
  commitment: Commitment | null,
): Promise<void> {
  if (order.state !== 'active' || commitment === null) {
    throw new DmcError(
      'ORDER_STATE',
      `Order ${orderId} is ${order.state}: there is nothing to prove yet or any more.`,
      {
        hint: 'Only an active order is checked.',
      },
    )
  }
  if (role === 'user' && !(await speaksFor(reader, order.user, signer.address, USER_SCOPES))) {
    throw new DmcError('NOT_OPERATOR', `This host’s key ${signer.address} may not ask for ${order.user}.`, {
      hint: 'Let the wallet authorise this host: dmc-agent operator authorise',
    })
  }
}

/** Looked up after a failure: is it ours? */
async function circumstances(options: CheckOptions, { commitment, atMs }: CheckResult) {
  const { reader, orderId, role, newest = (id) => reader.order(id), inForceSince, now = Date.now } = options
  try {
    // also shows that this host is online
    await reader.chainTime()
    const [confirmed, latest] = await Promise.all([reader.order(orderId), newest(orderId)])
    const stands = [confirmed, latest].every((order) => sameCommitment(order.commitment, commitment))
    const since = commitment === null ? atMs : (inForceSince?.(commitment) ?? atMs)
    return {
      chainAnswers: true,
      settled: stands && now() - since >= SETTLED_MS,
      authorised: role === 'user' ? true : null,
    }
  } catch {
    return { chainAnswers: false, settled: false, authorised: null }
  }
}

const tooLate = (orderId: bigint, ms: number) =>
  new DmcError(
    'PEER_UNREACHABLE',
    `The miner of order ${orderId} gave no answer within ${Math.round(ms / 1000)} s.`,
    {
      hint: 'It is asked again; one missed answer means nothing yet.',
    },
  )
