import { type Address, getAddress, type Hex } from 'viem'
import * as z from 'zod'
import { DmcError } from '../errors/dmc-error.ts'
import { WIRE_LIMITS } from '../protocol/limits.ts'

/** Version of the format (docs/PROTOCOL.md 7). A reader refuses another one. */
export const EVIDENCE_VERSION = 1

/** Bounds on what is read as evidence: it comes from a stranger. Bytes, and items. */
export const EVIDENCE_LIMITS = {
  bytes: 64 * 1024 * 1024,
  claims: 20_000,
  transactions: 20_000,
  answers: 4_096,
} as const

const hex = (bytes: number) =>
  z
    .string()
    .regex(new RegExp(`^0x[0-9a-fA-F]{${bytes * 2}}$`))
    .transform((text) => text.toLowerCase() as Hex)
const bytes32 = hex(32)
const address = hex(20).transform((text): Address => getAddress(text))
const decimal = (digits: number) =>
  z
    .string()
    .regex(new RegExp(`^(0|[1-9][0-9]{0,${digits - 1}})$`))
    .transform((text) => BigInt(text))
const u64 = decimal(20).refine((value) => value < 1n << 64n, 'more than 64 bits')
const u256 = decimal(78).refine((value) => value < 1n << 256n, 'more than 256 bits')
const count = z.int().nonnegative()

/** Where a claim stands on chain. Times in unix seconds. */
const place = z.strictObject({
  block: count,
  blockHash: bytes32,
  time: count,
  transaction: bytes32,
  logIndex: count,
})

/** One event of the Market, as the bundle says it was: integers as decimal text. */
const claim = z.strictObject({
  event: z.string().regex(/^[A-Za-z]{1,40}$/),
  args: z.record(z.string().regex(/^[A-Za-z_]{1,40}$/), z.union([z.string().max(1024), z.boolean()])),
  at: place,
})

const answeredLeaf = z.strictObject({ index: u64, leaf: hex(1024), path: z.array(bytes32).max(128) })

const signed = {
  v: z.literal(1),
  orderId: u256,
  nonce: bytes32,
  root: bytes32,
  size: u64,
  signedAt: u64,
  signature: hex(65),
}

/** A whole signed exchange of an off-chain challenge: what was asked, what came, and the miner's signature. */
export const signedExchange = z.union([
  z.strictObject({
    ...signed,
    leaves: z.array(u64).max(WIRE_LIMITS.challengeLeaves),
    answers: z.array(answeredLeaf).max(WIRE_LIMITS.challengeLeaves),
  }),
  z.strictObject({
    ...signed,
    /** `mac`: the answer that the user's host had kept, its word only. */
    probe: z.strictObject({ offset: u64, length: u64, key: bytes32, mac: bytes32.optional() }),
    answer: bytes32,
  }),
])

const bundle = z.strictObject({
  dmcEvidence: z.literal(EVIDENCE_VERSION),
  /** Unix seconds, by the clock of the host that made it: its word only. */
  madeAt: count,
  chainId: z.int().positive(),
  market: address,
  orderId: u256,
  /** The newest block that was looked at: everything up to it is told. */
  asOf: z.strictObject({ block: count, blockHash: bytes32, time: count }),
  /** The bill's BillCreated: its terms. */
  bill: claim,
  /** The order's OrderCreated. */
  order: claim,
  /** Every OperatorSet of the order's miner. */
  operators: z.array(claim).max(EVIDENCE_LIMITS.claims),
  /** Every later event of the order: prepares, agreements, challenges, answers, money. */
  history: z.array(claim).max(EVIDENCE_LIMITS.claims),
  /** The transactions in which all that happened; `call`: the Market's function, '' when another contract was called. */
  transactions: z
    .array(
      z.strictObject({
        hash: bytes32,
        block: count,
        from: address,
        to: address.nullable(),
        call: z.string().max(40),
      }),
    )
    .max(EVIDENCE_LIMITS.transactions),
  /** Signed answers that the user's host kept. When it asked (ms) and what it made of them are its word only. */
  answers: z
    .array(z.strictObject({ askedMs: count, outcome: z.string().max(20), exchange: signedExchange }))
    .max(EVIDENCE_LIMITS.answers),
})

export type EvidenceBundle = z.output<typeof bundle>
export type ChainClaim = z.output<typeof claim>
export type SignedExchange = z.output<typeof signedExchange>
export type SignedLeaves = Extract<SignedExchange, { leaves: bigint[] }>
export type TransactionClaim = EvidenceBundle['transactions'][number]

const invalid = (
  why: string,
  hint = 'Ask for the file again; it was not made by `dmc-agent order evidence`, or was changed.',
) => new DmcError('EVIDENCE_INVALID', `This is no evidence: ${why}.`, { hint })

/**
 * A bundle from its bytes, shape and bounds checked; nothing in it is believed by that.
 * @throws EVIDENCE_INVALID
 */
export function parseEvidence(bytes: Uint8Array): EvidenceBundle {
  if (bytes.length > EVIDENCE_LIMITS.bytes) {
    throw invalid(`it has ${bytes.length} bytes, more than ${EVIDENCE_LIMITS.bytes}`)
  }
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw invalid('it is not JSON in UTF-8')
  }
  const version = typeof json === 'object' && json !== null ? Reflect.get(json, 'dmcEvidence') : undefined
  if (typeof version === 'number' && version !== EVIDENCE_VERSION) {
    throw invalid(`it has version ${version}, this agent reads ${EVIDENCE_VERSION}`, 'Use a newer dmc-agent.')
  }
  const parsed = bundle.safeParse(json)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const where = issue?.path.map(String).join('.').slice(0, 80)
  throw invalid(`${where || 'the whole'}: ${issue?.message.slice(0, 120) ?? 'wrong'}`)
}

/** The file's text: integers as decimal text, two spaces, so that a person can read and compare it. */
export const printEvidence = (evidence: EvidenceBundle): string =>
  `${JSON.stringify(evidence, (_key, value) => (typeof value === 'bigint' ? value.toString() : value), 2)}\n`
