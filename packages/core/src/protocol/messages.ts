import { type Address, getAddress, type Hex } from 'viem'
import * as z from 'zod'
import { ORDER_STATES } from '../market/states.ts'
import { SESSION_PATTERN, WIRE_LIMITS } from './limits.ts'

/**
 * Every JSON body between agents (docs/PROTOCOL.md 4), both directions. Unknown keys are dropped, so that a later
 * version may add some. Integers over 2^53 travel as decimal strings and are bigint here.
 */
const hex = (bytes: number) =>
  z
    .string()
    .regex(new RegExp(`^0x[0-9a-fA-F]{${bytes * 2}}$`))
    .transform((text) => text.toLowerCase() as Hex)
const bytes32 = hex(32)
/** In checksum case, as everywhere else in the system. */
const address = hex(20).transform((text): Address => getAddress(text))
const signature = z
  .string()
  .regex(/^0x[0-9a-fA-F]{130}$/)
  .transform((text) => text as Hex)

export const wireInteger = z
  .union([z.int().nonnegative(), z.string().regex(/^(0|[1-9][0-9]{0,19})$/)])
  .transform((value) => BigInt(value))
const wireSize = wireInteger.refine((value) => value <= BigInt(Number.MAX_SAFE_INTEGER), 'too large')

/** The inverse of `wireInteger`. */
export const toWireInteger = (value: bigint | number): number | string =>
  BigInt(value) <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value.toString()

const commitment = z.object({ root: bytes32, size: wireSize })

/** For JSON; null stays null. */
export const toWireCommitment = (value: { root: Hex; size: bigint } | null) =>
  value === null ? null : { root: value.root, size: toWireInteger(value.size) }

const session = z.string().regex(SESSION_PATTERN)

export const infoReply = z.object({
  name: z.string().max(100),
  version: z.string().max(100),
  protocol: z.int(),
  chainId: z.int(),
  market: address,
})

export const helloStart = z.object({ role: z.enum(['user', 'reader']), signer: address, userNonce: bytes32 })
export const helloChallenge = z.object({
  signer: address,
  minerNonce: bytes32,
  expiresAt: wireInteger,
  signature,
})
export const helloFinish = z.object({
  role: z.enum(['user', 'reader']),
  signer: address,
  userNonce: bytes32,
  minerNonce: bytes32,
  expiresAt: wireInteger,
  signature,
})
export const helloToken = z.object({ token: z.string().min(16).max(200), expiresAt: wireInteger })

export const statusReply = z.object({
  state: z.enum(ORDER_STATES),
  capacity: wireSize,
  durableSize: wireSize,
  session: session.nullable(),
  commitment: commitment.nullable(),
  previousCommitment: commitment.nullable(),
})

export const appendRequest = z.object({ session, base: commitment.nullable(), size: wireSize.optional() })
export const appendReply = z.object({ session, durableSize: wireSize })

export const leavesReply = z.object({
  durableSize: wireSize,
  chunks: z.array(z.tuple([z.int().nonnegative(), bytes32])).max(WIRE_LIMITS.dataBytes / 2 ** 20 + 1),
})

export const sealRequest = z.object({ session, root: bytes32, size: wireSize })
export const sealReply = z.object({ state: z.literal('sealed') })

const leafChallenge = z.object({
  nonce: bytes32,
  root: bytes32,
  size: wireSize,
  leaves: z.array(wireInteger).min(1).max(WIRE_LIMITS.challengeLeaves),
})
const probeChallenge = z.object({
  nonce: bytes32,
  root: bytes32,
  size: wireSize,
  probe: z.object({ offset: wireSize, length: wireSize, key: bytes32 }),
})
export const challengeRequest = z.union([leafChallenge, probeChallenge])
export const leafAnswerReply = z.object({
  answers: z
    .array(z.object({ index: wireInteger, leaf: hex(1024), path: z.array(bytes32).max(64) }))
    .max(WIRE_LIMITS.challengeLeaves),
  signedAt: wireInteger,
  signature,
})
export const probeAnswerReply = z.object({ answer: bytes32, signedAt: wireInteger, signature })

/** Query of `GET data`: whole leaves; bounds are checked by the receiver. */
const queryInteger = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,15})$/)
  .transform((text) => Number(text))
  .refine((value) => Number.isSafeInteger(value), 'too large')
export const dataQuery = z.object({
  offset: queryInteger,
  length: queryInteger,
  root: bytes32,
  size: queryInteger,
})
export const rootsQuery = z.object({
  first: queryInteger,
  count: queryInteger,
  root: bytes32,
  size: queryInteger,
})

/** Value of the `dmc-commitment` header: `root,size`. */
export const commitmentHeader = z
  .string()
  .regex(/^0x[0-9a-f]{64},[0-9]{1,16}$/)
  .transform((text) => ({ root: text.slice(0, 66) as Hex, size: BigInt(text.slice(67)) }))

export const errorReply = z.object({
  code: z.string().max(80),
  message: z.string().max(2000),
  hint: z.string().max(2000),
  retryable: z.boolean(),
})
