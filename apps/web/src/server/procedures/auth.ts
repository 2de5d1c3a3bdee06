import { DmcError } from '@dmc/core/errors/dmc-error'
import { attempts, countAttempt } from '@dmc/db/account/rate-limit'
import * as z from 'zod'
import { tooMany } from '../limits.ts'
import { endSession, openSession } from '../sign-in/sessions.ts'
import { newSignInNonce, verifySignIn } from '../sign-in/sign-in.ts'
import { anyone, router, signedIn } from '../trpc.ts'

/** Wrong sign-ins of one address within the window, before it must wait. */
const MOST_WRONG = 20
const WINDOW_MS = 10 * 60_000

/** Sign-in with Ethereum: a nonce, a message that the wallet signs, a session in a cookie that no script can read. */
export const authRouter = router({
  nonce: anyone.mutation(({ ctx }) => {
    const { services } = ctx
    if (!services.costly.take(`nonce ${ctx.remote}`)) throw tooMany()
    return newSignInNonce(services.db, new Date())
  }),

  signIn: anyone
    .input(z.strictObject({ message: z.string().max(10_000), signature: z.string().max(2_000) }))
    .mutation(async ({ ctx, input }) => {
      const { db, origin, env } = ctx.services
      const now = new Date()
      const key = `sign-in ${ctx.remote}`
      if ((await attempts(db, key, now)) >= MOST_WRONG) throw tooMany()
      if (ctx.setSession === null) {
        throw new DmcError('USAGE', 'A sign-in goes over HTTP: a socket can set no cookie.', {
          hint: 'POST it.',
        })
      }
      try {
        const address = await verifySignIn(db, { ...input, origin, chainId: env.chain.chainId, now })
        const session = await openSession(db, { address, browser: ctx.browser, now })
        ctx.setSession(session.token, session.expiresAt)
        return { address, expiresAt: session.expiresAt }
      } catch (error) {
        if (DmcError.is(error)) await countAttempt(db, { key, windowMs: WINDOW_MS, now })
        throw error
      }
    }),

  /** Ends this session; its sockets are closed, here and on every other instance. */
  signOut: signedIn.mutation(async ({ ctx }) => {
    await endSession(ctx.services.db, ctx.who.sessionHash)
    ctx.setSession?.(null, null)
    return { signedOut: true }
  }),

  me: anyone.query(({ ctx }) => (ctx.who.kind === 'wallet' ? { address: ctx.who.address } : null)),
})
