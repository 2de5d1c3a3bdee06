import { hostname, release, type } from 'node:os'
import { AGENT_PROOF_SECONDS, agentPairingTypedData } from '@dmc/core/dashboard/agent-typed-data'
import { readPairingToken } from '@dmc/core/dashboard/pairing-token'
import { pairingWords } from '@dmc/core/dashboard/pairing-words'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { type Address, getAddress, type Hex, isAddress, isHex, size } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import * as z from 'zod'
import { pause } from '../contract/wait.ts'
import { agentVersion } from '../control/version.ts'
import type { UnlockedKeys } from '../keys/types.ts'
import { type DashboardApi, dashboardApi, dashboardError } from './api.ts'
import { identityOf } from './identity.ts'

export type Role = 'user' | 'miner'

/** The chain that a dashboard serves; nothing of it is believed before a person or the host's own settings say so. */
const chainOffer = z.object({
  chainId: z.int().min(1),
  market: z
    .string()
    .refine((text) => isAddress(text, { strict: false }))
    .transform((text) => getAddress(text)),
  /** Empty: the dashboard names none, the host has its own. */
  rpcUrls: z.array(z.url({ protocol: /^https?$/ })).max(16),
  confirmations: z.int().min(1).max(1000),
})
export type ChainOffer = z.output<typeof chainOffer>

const address = z
  .string()
  .refine((text) => isAddress(text, { strict: false }))
  .transform((text) => getAddress(text))
const started = z.object({
  deviceCode: z.string().max(100),
  userCode: z.string().regex(/^[A-Z]{8}$/),
  expiresInSeconds: z.number().min(1).max(3600),
  pollSeconds: z.number().min(1).max(60),
  chain: chainOffer,
})
const polled = z.union([
  z.object({ state: z.literal('pending') }),
  z.object({ state: z.literal('approved'), agentId: z.uuid(), owner: address, name: z.string().max(255) }),
])
const redeemed = z.object({ agentId: z.uuid(), owner: address, chain: chainOffer })

export interface Paired {
  agentId: string
  owner: Address
}

export interface PairingHow {
  origin: string
  keys: UnlockedKeys
  roles: Role[]
  signal: AbortSignal
  /** The chain of the dashboard, as soon as it is known. @throws to end the pairing */
  onChain(chain: ChainOffer): void
}

/**
 * Shows a code and waits until a person approves it in the browser. The words are computed here, from our own keys.
 * @throws PAIRING_DENIED, PAIRING_EXPIRED, DASHBOARD_UNREACHABLE, DASHBOARD_REFUSED
 */
export async function pairWithCode(
  how: PairingHow & { onCode(shown: { code: string; words: string; url: string; seconds: number }): void },
): Promise<Paired> {
  const { origin, keys, signal } = how
  const identity = identityOf(keys)
  return talking(origin, signal, async (api) => {
    const begun = check(
      started,
      await api.pairing.start.mutate({ facts: facts(how), proof: await proof(api, how) }),
    )
    how.onChain(begun.chain)
    how.onCode({
      code: begun.userCode,
      words: pairingWords({
        identity: identity.address,
        operator: keys.operator.address,
        code: begun.userCode,
      }),
      url: `${origin}/pair?code=${begun.userCode.slice(0, 4)}-${begun.userCode.slice(4)}`,
      seconds: begun.expiresInSeconds,
    })
    for (const end = Date.now() + begun.expiresInSeconds * 1000; Date.now() < end; ) {
      await pause(begun.pollSeconds * 1000, signal)
      const answer = await patiently(() => api.pairing.poll.mutate({ deviceCode: begun.deviceCode }))
      if (answer === null) continue // the dashboard is away for a moment
      const state = check(polled, answer)
      if (state.state === 'approved') return { agentId: state.agentId, owner: state.owner }
    }
    throw new DmcError('PAIRING_EXPIRED', 'Nobody approved the code in time.', {
      hint: 'Run the pairing again.',
    })
  })
}

/**
 * Brings a one-time token. The wallet stands in the token itself, so the dashboard has no say in whose host this becomes.
 * @throws PAIRING_TOKEN_WRONG, DASHBOARD_*
 */
export async function pairWithToken(
  how: PairingHow & { token: string; name?: string | undefined },
): Promise<Paired> {
  const token = readPairingToken(how.token)
  if (!token) {
    throw new DmcError('PAIRING_TOKEN_WRONG', 'That is no pairing token.', {
      hint: 'Copy it whole from the browser: it begins with dmc1_ and has 64 characters.',
    })
  }
  return talking(how.origin, how.signal, async (api) => {
    const answer = check(
      redeemed,
      await api.pairing.redeem.mutate({
        token: how.token.trim(),
        facts: facts(how),
        proof: await proof(api, how),
        ...(how.name ? { name: how.name } : {}),
      }),
    )
    if (answer.owner !== token.owner) {
      throw new DmcError(
        'PAIRING_OTHER_OWNER',
        `The token is ${token.owner}’s, the dashboard says ${answer.owner}.`,
        {
          hint: 'Do not use this dashboard.',
        },
      )
    }
    how.onChain(answer.chain)
    return { agentId: answer.agentId, owner: token.owner }
  })
}

async function talking<T>(
  origin: string,
  signal: AbortSignal,
  work: (api: DashboardApi) => Promise<T>,
): Promise<T> {
  try {
    return await work(dashboardApi(origin, signal))
  } catch (thrown) {
    if (signal.aborted) throw signal.reason
    throw dashboardError(origin, thrown)
  }
}

/** null when the dashboard could not be reached; everything that it says itself is thrown. */
async function patiently<T>(call: () => Promise<T>): Promise<T | null> {
  try {
    return await call()
  } catch (thrown) {
    if ((thrown as { data?: unknown }).data) throw thrown
    return null
  }
}

function check<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new DmcError('DASHBOARD_REFUSED', 'The dashboard’s answer is not of the kind that was asked for.', {
    hint: 'Is it a DMC dashboard, of the same version?',
  })
}

async function proof(api: DashboardApi, { origin, keys }: PairingHow) {
  const { nonce } = await api.pairing.nonce.mutate()
  if (!isHex(nonce, { strict: true }) || size(nonce) !== 32) {
    throw new DmcError('DASHBOARD_REFUSED', 'The dashboard’s nonce is not one.', {
      hint: 'Is it a DMC dashboard?',
    })
  }
  const identity = identityOf(keys)
  const expiresAt = BigInt(Math.floor(Date.now() / 1000) + AGENT_PROOF_SECONDS)
  const data = agentPairingTypedData({
    origin,
    nonce: nonce as Hex,
    identity: identity.address,
    operator: keys.operator.address,
    expiresAt,
  })
  const [identitySignature, operatorSignature] = await Promise.all([
    identity.signTypedData(data),
    privateKeyToAccount(keys.operator.privateKey).signTypedData(data),
  ])
  return { nonce: nonce as Hex, expiresAt, identitySignature, operatorSignature }
}

const facts = ({ keys, roles }: PairingHow) => ({
  identity: identityOf(keys).address,
  operator: keys.operator.address,
  hostId: Buffer.from(keys.hostId).toString('hex'),
  hostName: hostname().slice(0, 255) || 'host',
  os: `${type()} ${release()}`.slice(0, 80),
  arch: process.arch,
  version: agentVersion(),
  roles,
})
