import type { Address, Hex } from 'viem'

/** An agent's sign-in to one dashboard: worthless at any other, and anywhere else. */
export interface AgentSignInMessage {
  /** Scheme, host and port that the agent dials. */
  origin: string
  /** The dashboard's, used once. */
  nonce: Hex
  agentId: string
  /** Unix seconds. */
  expiresAt: bigint
}

/** A host asks to be paired: signed by both keys that it names. */
export interface AgentPairingMessage {
  origin: string
  nonce: Hex
  identity: Address
  operator: Address
  /** Unix seconds. */
  expiresAt: bigint
}

/** No chain and no contract: these signatures mean nothing to any Market. */
const DOMAIN = { name: 'DMC dashboard', version: '1' } as const

const SIGN_IN = {
  AgentSignIn: [
    { name: 'origin', type: 'string' },
    { name: 'nonce', type: 'bytes32' },
    { name: 'agentId', type: 'string' },
    { name: 'expiresAt', type: 'uint64' },
  ],
} as const

const PAIRING = {
  AgentPairing: [
    { name: 'origin', type: 'string' },
    { name: 'nonce', type: 'bytes32' },
    { name: 'identity', type: 'address' },
    { name: 'operator', type: 'address' },
    { name: 'expiresAt', type: 'uint64' },
  ],
} as const

/** For viem's `signTypedData` and `recoverTypedDataAddress`. */
export const agentSignInTypedData = (message: AgentSignInMessage) => ({
  domain: DOMAIN,
  types: SIGN_IN,
  primaryType: 'AgentSignIn' as const,
  message,
})

/** For viem's `signTypedData` and `recoverTypedDataAddress`. */
export const agentPairingTypedData = (message: AgentPairingMessage) => ({
  domain: DOMAIN,
  types: PAIRING,
  primaryType: 'AgentPairing' as const,
  message,
})

/** A proof of an agent is valid for so long at most. Seconds. */
export const AGENT_PROOF_SECONDS = 120
