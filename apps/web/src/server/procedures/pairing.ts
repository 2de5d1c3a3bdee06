import { createHash, randomBytes } from 'node:crypto'
import {
  newPairingCode,
  PAIRING_MS,
  readPairingCode,
  showPairingCode,
} from '@dmc/core/dashboard/pairing-code'
import { printPairingToken, readPairingToken } from '@dmc/core/dashboard/pairing-token'
import { pairingWords } from '@dmc/core/dashboard/pairing-words'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { addNonce } from '@dmc/db/account/nonces'
import { attempts, countAttempt } from '@dmc/db/account/rate-limit'
import {
  addPairingRequest,
  approvePairing,
  collectPairing,
  denyPairing,
  findPairingByCode,
  findPairingByDevice,
} from '@dmc/db/pairing/requests'
import {
  addPairingToken,
  listPairingTokens,
  revokePairingToken,
  spendPairingToken,
} from '@dmc/db/pairing/tokens'
import { getAddress } from 'viem'
import * as z from 'zod'
import { pairingProof, verifyPairingProof } from '../agents/verify-agent.ts'
import type { Context } from '../context.ts'
import { address, label } from '../inputs.ts'
import { tooMany } from '../limits.ts'
import type { OwnerContext } from '../own.ts'
import { anyone, router, signedIn } from '../trpc.ts'

/** Wrong codes within ten minutes, per wallet and per address. */
const MOST_WRONG = 5
const POLL_SECONDS = 2

const role = z.enum(['user', 'miner', 'both'])
const facts = z.strictObject({
  identity: address,
  operator: address,
  hostId: z.string().regex(/^[0-9a-f]{16,64}$/),
  hostName: z.string().min(1).max(255),
  os: z.string().min(1).max(80),
  arch: z.string().min(1).max(40),
  version: z.string().min(1).max(40),
  roles: z.array(z.enum(['user', 'miner'])).max(2),
})
const code = z.string().max(40)

/** Pairing a host, in the shape of RFC 8628; what is kept of it is its public key. */
export const pairingRouter = router({
  // ---- the host's side: no session, no socket; it proves its keys
  nonce: anyone.mutation(async ({ ctx }) => {
    const { db, costly } = ctx.services
    if (!costly.take(`nonce ${ctx.remote}`)) throw tooMany()
    const nonce = `0x${randomBytes(32).toString('hex')}`
    await addNonce(db, { nonce, kind: 'pairing', expiresAt: new Date(Date.now() + 120_000) })
    return { nonce }
  }),

  start: anyone.input(z.strictObject({ facts, proof: pairingProof })).mutation(async ({ ctx, input }) => {
    const { db, origin, origins, costly, env } = ctx.services
    const now = new Date()
    if (!costly.take(`pairing ${ctx.remote}`, 5)) throw tooMany()
    await verifyPairingProof(db, { ...input.facts, proof: input.proof, origins, now })
    const deviceCode = randomBytes(32).toString('base64url')
    const expiresAt = new Date(now.getTime() + PAIRING_MS)
    for (;;) {
      const userCode = newPairingCode(randomBytes)
      const words = pairingWords({ ...input.facts, code: userCode })
      const request = {
        ...input.facts,
        deviceHash: hashOf(deviceCode),
        userCode,
        words,
        remote: ctx.remote,
        expiresAt,
      }
      if (!(await addPairingRequest(db, request))) continue // somebody else waits with these letters
      return {
        deviceCode,
        userCode,
        verificationUri: `${origin}/pair`,
        verificationUriComplete: `${origin}/pair?code=${showPairingCode(userCode)}`,
        expiresInSeconds: PAIRING_MS / 1000,
        pollSeconds: POLL_SECONDS,
        chain: offer(env),
      }
    }
  }),

  /** What became of the host's request. Its answer is given once. */
  poll: anyone
    .input(z.strictObject({ deviceCode: z.string().regex(/^[A-Za-z0-9_-]{43}$/) }))
    .mutation(async ({ ctx, input }) => {
      const { db } = ctx.services
      const deviceHash = hashOf(input.deviceCode)
      const request = await findPairingByDevice(db, deviceHash)
      if (!request || (request.state === 'pending' && request.expiresAt <= new Date())) throw expired()
      switch (request.state) {
        case 'pending':
          return { state: 'pending' as const }
        case 'denied':
          throw new DmcError('PAIRING_DENIED', 'The person in the browser said no.', {
            hint: 'Run it again if that was a mistake.',
          })
        default: {
          if (request.state === 'approved') await collectPairing(db, deviceHash)
          return {
            state: 'approved' as const,
            agentId: request.agentId ?? '',
            owner: getAddress(request.approvedBy ?? ''),
            name: request.agentName ?? request.hostName,
          }
        }
      }
    }),

  /** A headless host brings the token that the owner made for it. */
  redeem: anyone
    .input(z.strictObject({ token: z.string().max(100), facts, proof: pairingProof, name: label.optional() }))
    .mutation(async ({ ctx, input }) => {
      const { db, origins, env } = ctx.services
      const now = new Date()
      await mustNotGuess(ctx, 'token', now)
      await verifyPairingProof(db, { ...input.facts, proof: input.proof, origins, now })
      const token = readPairingToken(input.token)
      const used =
        token &&
        (await spendPairingToken(db, {
          tokenHash: hashOf(input.token),
          owner: token.owner,
          facts: input.facts,
          name: input.name ?? null,
          now,
        }))
      if (!token || !used) {
        await countWrong(ctx, 'token', now)
        throw new DmcError(
          'PAIRING_TOKEN_WRONG',
          'The token is not one of this dashboard, too old, or used already.',
          {
            hint: 'Make a new one in the browser: Agents, Add a host without a screen.',
          },
        )
      }
      return { agentId: used.agentId, owner: token.owner, chain: offer(env) }
    }),

  // ---- the person's side
  lookup: signedIn.input(z.strictObject({ code })).mutation(async ({ ctx, input }) => {
    const request = await pendingRequest(ctx, input.code)
    const { userCode, hostName, os, arch, version, roles, operator, words, remote, createdAt, expiresAt } =
      request
    return {
      code: showPairingCode(userCode),
      host: hostName,
      os,
      arch,
      version,
      roles,
      operator: getAddress(operator),
      words,
      remote,
      createdAt,
      expiresAt,
    }
  }),

  approve: signedIn
    .input(z.strictObject({ code, name: label.optional() }))
    .mutation(async ({ ctx, input }) => {
      const { db } = ctx.services
      const { userCode, hostName } = await pendingRequest(ctx, input.code)
      const approved = await approvePairing(db, {
        userCode,
        owner: ctx.who.address,
        name: input.name ?? hostName,
        now: new Date(),
      })
      return approved ?? expiredNow()
    }),

  deny: signedIn.input(z.strictObject({ code })).mutation(async ({ ctx, input }) => {
    const { userCode } = await pendingRequest(ctx, input.code)
    return { denied: await denyPairing(ctx.services.db, userCode) }
  }),

  createToken: signedIn
    .input(
      z.strictObject({
        label,
        role: role.default('both'),
        hours: z.number().int().min(1).max(168).default(1),
      }),
    )
    .mutation(async ({ ctx, input }) => {
      const { db, origin } = ctx.services
      const token = printPairingToken(ctx.who.address, randomBytes(24))
      const expiresAt = new Date(Date.now() + input.hours * 3600_000)
      await addPairingToken(db, {
        tokenHash: hashOf(token),
        owner: ctx.who.address,
        label: input.label,
        role: input.role,
        expiresAt,
      })
      // the only time that it is seen: what is kept is its hash
      return { token, expiresAt, command: `npx dmc-agent pair --token ${token} --server ${origin}` }
    }),

  tokens: signedIn.query(async ({ ctx }) => {
    const rows = await listPairingTokens(ctx.services.db, ctx.who.address, new Date())
    return rows.map(({ tokenHash, ...row }) => ({ ...row, tokenId: tokenHash }))
  }),

  revokeToken: signedIn
    .input(z.strictObject({ tokenId: z.string().regex(/^[0-9a-f]{64}$/) }))
    .mutation(async ({ ctx, input }) => ({
      revoked: await revokePairingToken(ctx.services.db, {
        tokenHash: input.tokenId,
        owner: ctx.who.address,
      }),
    })),
})

/** The chain that this dashboard serves, for a host that has none set; the host shows it and asks. */
const offer = ({ chain }: Context['services']['env']) => ({
  chainId: chain.chainId,
  market: chain.market,
  rpcUrls: chain.agentRpcUrls,
  confirmations: chain.confirmations,
})

async function pendingRequest(ctx: OwnerContext, text: string) {
  const now = new Date()
  await mustNotGuess(ctx, ctx.who.address, now)
  await mustNotGuess(ctx, 'code', now)
  const userCode = readPairingCode(text)
  const request = userCode === null ? null : await findPairingByCode(ctx.services.db, userCode)
  if (request?.state !== 'pending') {
    await countWrong(ctx, ctx.who.address, now)
    await countWrong(ctx, 'code', now)
    throw new DmcError('PAIRING_CODE_WRONG', 'No host waits with this code.', {
      hint: 'Compare the letters with the terminal; a code works once and for ten minutes.',
    })
  }
  if (request.expiresAt <= now) throw expired()
  return request
}

/** The wallet's own counter, or that of the address from which it comes. */
const counterKey = (ctx: Context, what: string): string =>
  what.startsWith('0x') ? `wrong code ${what}` : `wrong ${what} ${ctx.remote}`

async function mustNotGuess(ctx: Context, what: string, now: Date): Promise<void> {
  if ((await attempts(ctx.services.db, counterKey(ctx, what), now)) < MOST_WRONG) return
  throw new DmcError('PAIRING_TOO_MANY_TRIES', 'That were too many wrong codes.', {
    hint: 'Wait ten minutes, then type the code from the terminal.',
  })
}

const countWrong = (ctx: Context, what: string, now: Date) =>
  countAttempt(ctx.services.db, { key: counterKey(ctx, what), windowMs: PAIRING_MS, now })

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')

const expired = (): DmcError =>
  new DmcError('PAIRING_EXPIRED', 'The code is too old.', { hint: 'Run the pairing on the host again.' })

function expiredNow(): never {
  throw expired()
}
