import {
  AGENT_PROOF_SECONDS,
  agentPairingTypedData,
  agentSignInTypedData,
} from '@dmc/core/dashboard/agent-typed-data'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { takeNonce } from '@dmc/db/account/nonces'
import { findAgent } from '@dmc/db/agents/agents'
import type { Database } from '@dmc/db/open-database'
import { type Address, getAddress, type Hex, recoverTypedDataAddress } from 'viem'
import * as z from 'zod'

const hex = (bytes: number) =>
  z
    .string()
    .regex(new RegExp(`^0x[0-9a-f]{${bytes * 2}}$`, 'i'))
    .transform((value) => value as Hex)

/** An agent's first message on its socket. */
export const agentHello = z.strictObject({
  kind: z.literal('agent'),
  agentId: z.uuid(),
  nonce: hex(32),
  expiresAt: z.string().regex(/^\d{1,12}$/),
  signature: hex(65),
})

/** A host's proof that it holds both keys that it names. */
export const pairingProof = z.strictObject({
  nonce: hex(32),
  expiresAt: z.bigint().min(0n),
  identitySignature: hex(65),
  operatorSignature: hex(65),
})
export type PairingProof = z.output<typeof pairingProof>

/**
 * Proves that a paired agent itself speaks, to this dashboard, now. The nonce is gone before anything is verified.
 * @throws AGENT_SIGN_IN_REFUSED, PAIRING_REVOKED
 */
export async function verifyAgent(
  db: Database,
  of: { hello: z.output<typeof agentHello>; origins: readonly string[]; now: Date },
): Promise<{ agentId: string; owner: Address }> {
  const { agentId, nonce, signature } = of.hello
  const expiresAt = BigInt(of.hello.expiresAt)
  await mustBeFresh(db, { nonce, kind: 'agent', expiresAt, now: of.now, refuse })
  const agent = await findAgent(db, agentId)
  if (!agent || agent.revokedAt) throw revoked()
  for (const origin of of.origins) {
    const signer = await recoverTypedDataAddress({
      ...agentSignInTypedData({ origin, nonce, agentId, expiresAt }),
      signature,
    }).catch(() => null)
    if (signer && getAddress(signer) === agent.identity) return { agentId, owner: getAddress(agent.owner) }
  }
  throw refuse('The sign-in is not by this agent’s key, or for another dashboard.')
}

/** @throws PAIRING_PROOF_WRONG */
export async function verifyPairingProof(
  db: Database,
  of: {
    proof: PairingProof
    identity: Address
    operator: Address
    origins: readonly string[]
    now: Date
  },
): Promise<void> {
  const { proof, identity, operator } = of
  const { nonce, expiresAt } = proof
  const wrong = (message: string) =>
    new DmcError('PAIRING_PROOF_WRONG', message, { hint: 'Run the pairing again.' })
  await mustBeFresh(db, { nonce, kind: 'pairing', expiresAt, now: of.now, refuse: wrong })
  for (const origin of of.origins) {
    const data = agentPairingTypedData({ origin, nonce, identity, operator, expiresAt })
    const signers = await Promise.all(
      [proof.identitySignature, proof.operatorSignature].map((signature) =>
        recoverTypedDataAddress({ ...data, signature }).catch(() => null),
      ),
    )
    if (
      signers[0] &&
      signers[1] &&
      getAddress(signers[0]) === identity &&
      getAddress(signers[1]) === operator
    ) {
      return
    }
  }
  throw wrong('The host did not prove that it holds the keys it names.')
}

async function mustBeFresh(
  db: Database,
  of: {
    nonce: string
    kind: 'agent' | 'pairing'
    expiresAt: bigint
    now: Date
    refuse: (message: string) => DmcError
  },
): Promise<void> {
  const taken = await takeNonce(db, { nonce: of.nonce.toLowerCase(), kind: of.kind })
  if (!taken || taken.expiresAt <= of.now) throw of.refuse('The nonce was used already, or is too old.')
  const now = BigInt(Math.floor(of.now.getTime() / 1000))
  // the agent's clock may be off: the nonce already bounds the age by ours
  if (of.expiresAt < now - 3600n || of.expiresAt > now + 3600n + BigInt(AGENT_PROOF_SECONDS)) {
    throw of.refuse('The proof has expired, or the clocks of host and dashboard are an hour apart.')
  }
}

export const revoked = (): DmcError =>
  new DmcError('PAIRING_REVOKED', 'This dashboard does not know this agent any more.', {
    hint: 'Pair it again: dmc-agent pair',
  })

const refuse = (message: string): DmcError =>
  new DmcError('AGENT_SIGN_IN_REFUSED', message, { hint: 'The agent tries again by itself.' })
