import { type Address, bytesToHex, type Hex, hexToBytes, isAddressEqual, recoverTypedDataAddress } from 'viem'
import type { Commitment } from '../chain/types.ts'
import { concatBytes } from '../log/bytes.ts'
import { HASH_SIZE, LEAF_SIZE } from '../merkle/constants.ts'
import type { Hasher } from '../merkle/hasher.ts'
import { isValidLeaf } from '../merkle/verify-leaf.ts'
import { type LeafAnswer, leafAnswersHash, probeAnswerHash } from '../protocol/answers-hash.ts'
import { type AgentDomain, answerTypedData } from '../protocol/typed-data.ts'
import type { SignedExchange, SignedLeaves } from './bundle.ts'

/**
 * What a kept answer shows:
 * `proved`       the miner held these leaves of the commitment in force when it signed;
 * `wrong`        the miner signed something that does not prove the commitment in force: evidence against it;
 * `worthless`    not signed by the miner or an operator of it, or about another order: says nothing about this miner;
 * `unverifiable` signed, but what it shows can't be told from the chain.
 */
export const EVIDENCE_VERDICTS = ['proved', 'wrong', 'worthless', 'unverifiable'] as const
export type EvidenceVerdict = (typeof EVIDENCE_VERDICTS)[number]

export interface Judgement {
  verdict: EvidenceVerdict
  /** One sentence with the values. */
  reason: string
  /** Who signed; null when the signature leads to nobody. */
  signer: Address | null
}

/** Hosts and blocks don't share a clock: so many seconds are let pass either way. */
export const CLOCK_TOLERANCE = 300n

/** From when to when (unix seconds) something held on chain; `to` null: still. */
export interface Span {
  from: bigint
  to: bigint | null
}

export interface Facts {
  domain: AgentDomain
  orderId: bigint
  miner: Address
  /** `treeDepth` of the order's capacity. */
  depth: number
  hasher: Hasher
  /** The commitments of the order in the order in which they came into force; null when the chain could not be asked. */
  commitments: (Commitment & Span)[] | null
  /** When `signer` could answer for the miner; null when the chain could not be asked. */
  authorised: (signer: Address) => Promise<Span[] | null>
}

const touches = ({ from, to }: Span, at: bigint): boolean =>
  from <= at + CLOCK_TOLERANCE && (to === null || to >= at - CLOCK_TOLERANCE)

/** Judges one kept exchange by signature, chain and tree. Never throws for what the exchange says. */
export async function judgeAnswer(facts: Facts, exchange: SignedExchange): Promise<Judgement> {
  const { orderId, signedAt } = exchange
  if (orderId !== facts.orderId) {
    return { verdict: 'worthless', reason: `It is about order ${orderId}.`, signer: null }
  }
  const signer = await signerOf(facts.domain, exchange)
  if (signer === null) return { verdict: 'worthless', reason: 'Its signature leads to nobody.', signer }
  const judged = (verdict: EvidenceVerdict, reason: string): Judgement => ({ verdict, reason, signer })
  if (!isAddressEqual(signer, facts.miner)) {
    const spans = await facts.authorised(signer)
    if (spans === null)
      return judged('unverifiable', `Whether ${signer} could sign for the miner can't be asked.`)
    if (!spans.some((span) => touches(span, signedAt))) {
      return judged('worthless', `Signed by ${signer}, who could not sign for the miner at ${iso(signedAt)}.`)
    }
  }
  const inForce = commitmentState(facts, exchange)
  if (inForce !== null) return judged('unverifiable', inForce)
  if (!('leaves' in exchange)) {
    return judged('unverifiable', 'A probe: only who has the data can tell whether its answer is right.')
  }
  return judgeLeaves(facts, exchange, judged)
}

/** Why the named commitment is not one that the miner had to answer for; null when it is. */
function commitmentState({ commitments }: Facts, { root, size, signedAt }: SignedExchange): string | null {
  if (commitments === null) return 'Which commitment was in force then can’t be asked.'
  const first = commitments.findIndex((span) => touches(span, signedAt))
  if (first < 0) return `No commitment was in force at ${iso(signedAt)}.`
  // the one just replaced stays answerable
  const known = commitments
    .slice(Math.max(0, first - 1))
    .filter((span) => span.from <= signedAt + CLOCK_TOLERANCE)
  if (known.some((one) => one.root.toLowerCase() === root && one.size === size)) return null
  return `The commitment it names was not in force at ${iso(signedAt)}.`
}

function judgeLeaves(
  { hasher, depth }: Facts,
  exchange: SignedLeaves,
  judged: (verdict: EvidenceVerdict, reason: string) => Judgement,
): Judgement {
  const { root, size, leaves } = exchange
  const answers = asSigned(toAnswers(exchange), depth)
  if (answers === null) {
    return judged(
      'wrong',
      `The miner signed an answer that is no list of leaves with ${depth} siblings each.`,
    )
  }
  const bad = answers.filter((answer) => !isValidLeaf({ hasher, root, size, depth, ...answer }))
  if (bad.length > 0) {
    const [first] = bad
    return judged(
      'wrong',
      `The miner signed ${bad.length} of ${answers.length} leaves that don’t prove the commitment, the first is leaf ${first?.index}.`,
    )
  }
  const answered = answers.map(({ index }) => index)
  if (leaves.length !== answered.length || leaves.some((leaf, i) => leaf !== answered[i])) {
    // the question is not signed by the miner: a user could say it asked for more
    return judged(
      'unverifiable',
      `The miner proved ${answered.length} leaves, but not those that are said to have been asked for.`,
    )
  }
  return judged('proved', `The miner proved ${answered.length} leaves of ${size / BigInt(LEAF_SIZE)}.`)
}

const toAnswers = ({ answers }: SignedLeaves): LeafAnswer[] =>
  answers.map(({ index, leaf, path }) => ({
    index,
    leaf: hexToBytes(leaf),
    path: path.map((node) => hexToBytes(node)),
  }))

/**
 * The answers as the miner signed them. The signature covers the joined bytes, so somebody could cut an honest answer
 * into other leaves and paths and show those: it is cut again here by the one length that this order's answers have.
 * null: no list of answers has these bytes, and no honest miner signs them.
 */
function asSigned(answers: LeafAnswer[], depth: number): LeafAnswer[] | null {
  const record = 8 + LEAF_SIZE + depth * HASH_SIZE
  if (answers.length === 0) return null
  if (answers.every(({ path }) => path.length === depth)) return answers
  const joined = concatBytes(
    ...answers.flatMap(({ index, leaf, path }) => [
      hexToBytes(`0x${index.toString(16).padStart(16, '0')}`),
      leaf,
      ...path,
    ]),
  )
  if (joined.length % record !== 0) return null
  return Array.from({ length: joined.length / record }, (_, i) => {
    const part = joined.subarray(i * record, (i + 1) * record)
    return {
      index: BigInt(bytesToHex(part.subarray(0, 8))),
      leaf: part.subarray(8, 8 + LEAF_SIZE),
      path: Array.from({ length: depth }, (_, n) =>
        part.subarray(8 + LEAF_SIZE + n * HASH_SIZE, 8 + LEAF_SIZE + (n + 1) * HASH_SIZE),
      ),
    }
  })
}

function answersHashOf(exchange: SignedExchange): Hex {
  if ('leaves' in exchange) return leafAnswersHash(toAnswers(exchange))
  const { probe, answer } = exchange
  return probeAnswerHash({ ...probe, key: hexToBytes(probe.key), hmac: hexToBytes(answer) })
}

async function signerOf(domain: AgentDomain, exchange: SignedExchange): Promise<Address | null> {
  const { orderId, nonce, root, size, signedAt, signature } = exchange
  const message = { orderId, nonce, root, size, answersHash: answersHashOf(exchange), signedAt }
  return recoverTypedDataAddress({ ...answerTypedData(domain, message), signature }).catch(() => null)
}

/** Also for a time that no calendar has. */
function iso(seconds: bigint): string {
  const date = new Date(Number(seconds) * 1000)
  return Number.isNaN(date.getTime()) ? `second ${seconds}` : date.toISOString().slice(0, 19).concat('Z')
}
