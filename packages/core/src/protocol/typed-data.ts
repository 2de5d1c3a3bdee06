import { type Address, getAddress, type Hex } from 'viem'

/** Who signs for what: chain and Market. Part of every signature, so none is valid elsewhere. */
export interface AgentDomain {
  chainId: number
  market: Address
}

export type HelloRole = 'user' | 'reader' | 'miner'

/** docs/PROTOCOL.md 4: the same fields from both sides; `role` says whose statement it is. */
export interface HelloMessage {
  orderId: bigint
  role: HelloRole
  signer: Address
  /** The other signer. */
  peer: Address
  userNonce: Hex
  minerNonce: Hex
  /** Unix seconds. */
  expiresAt: bigint
  /** TLS exporter of this connection; 32 zero bytes on plain http. */
  channel: Hex
}

/** One signature over a whole answer to an off-chain challenge. `answersHash` from `answers-hash.ts`. */
export interface AnswerMessage {
  orderId: bigint
  nonce: Hex
  root: Hex
  size: bigint
  answersHash: Hex
  /** Unix seconds. */
  signedAt: bigint
}

const domainOf = ({ chainId, market }: AgentDomain) =>
  ({ name: 'DMC agent', version: '1', chainId, verifyingContract: getAddress(market) }) as const

const HELLO_TYPES = {
  Hello: [
    { name: 'orderId', type: 'uint256' },
    { name: 'role', type: 'string' },
    { name: 'signer', type: 'address' },
    { name: 'peer', type: 'address' },
    { name: 'userNonce', type: 'bytes32' },
    { name: 'minerNonce', type: 'bytes32' },
    { name: 'expiresAt', type: 'uint64' },
    { name: 'channel', type: 'bytes32' },
  ],
} as const

const ANSWER_TYPES = {
  Answer: [
    { name: 'orderId', type: 'uint256' },
    { name: 'nonce', type: 'bytes32' },
    { name: 'root', type: 'bytes32' },
    { name: 'size', type: 'uint64' },
    { name: 'answersHash', type: 'bytes32' },
    { name: 'signedAt', type: 'uint64' },
  ],
} as const

/** For viem's `signTypedData` and `recoverTypedDataAddress`. */
export const helloTypedData = (domain: AgentDomain, message: HelloMessage) => ({
  domain: domainOf(domain),
  types: HELLO_TYPES,
  primaryType: 'Hello' as const,
  message,
})

/** For viem's `signTypedData` and `recoverTypedDataAddress`. */
export const answerTypedData = (domain: AgentDomain, message: AnswerMessage) => ({
  domain: domainOf(domain),
  types: ANSWER_TYPES,
  primaryType: 'Answer' as const,
  message,
})

/** `channel` where there is no TLS. */
export const NO_CHANNEL: Hex = `0x${'00'.repeat(32)}`
