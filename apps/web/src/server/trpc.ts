import { hasOddText } from '@dmc/db/agents/plain-text'
import { getTRPCErrorFromUnknown, initTRPC, TRPCError } from '@trpc/server'
import superjson from 'superjson'
import type { Context } from './context.ts'
import { dmcErrorOf, toTrpcError } from './errors.ts'
import { REFUSED_INPUT, readInput } from './read-input.ts'

/**
 * Who may call a procedure. Every procedure carries one (a test walks the router), and checks the row's owner itself:
 * - `anyone`: also without signing in; answers nothing that is not on chain
 * - `wallet`: a signed-in wallet; answers its own rows only
 * - `owner`: a signed-in wallet that owns the row named in the input; for all others the row is not there
 * - `agent`: a paired agent on its own socket
 */
export type Access = 'anyone' | 'wallet' | 'owner' | 'agent'

export interface ProcedureMeta {
  access: Access
}

const t = initTRPC
  .context<Context>()
  .meta<ProcedureMeta>()
  .create({
    transformer: { input: { serialize: superjson.serialize, deserialize: readInput }, output: superjson },
    isDev: false,
    errorFormatter({ shape, error }) {
      // a person gets code, sentence and next step; never a stack, never what a library said about itself
      const dmc = dmcErrorOf(error)
      return { ...shape, message: dmc.message, data: { ...shape.data, stack: undefined, dmc } }
    },
  })

export const router = t.router
export const createCallerFactory = t.createCallerFactory

/** What a procedure throws reaches the caller as a tRPC error with the DmcError inside. */
const translated = t.middleware(async ({ ctx, type, getRawInput, next }) => {
  // over HTTP a subscription would be a connection without the limits of sockets
  if (type === 'subscription' && ctx.guard === null) {
    throw new TRPCError({ code: 'BAD_REQUEST', message: 'Subscriptions go over the WebSocket.' })
  }
  if ((await getRawInput()) === REFUSED_INPUT) {
    throw new TRPCError({
      code: 'BAD_REQUEST',
      message: 'The input is not in a form that this dashboard reads.',
    })
  }
  const result = await next()
  if (!result.ok) throw toTrpcError(result.error)
  if (type === 'subscription') return { ...result, data: counted(ctx, result.data as AsyncIterable<unknown>) }
  return result
})

/** A subscription from its first step to its last, however it ends. @throws TOO_MANY_REQUESTS */
async function* counted(ctx: Context, items: AsyncIterable<unknown>) {
  let leave: (() => void) | undefined
  try {
    leave = ctx.guard?.subscription()
    yield* items
  } catch (error) {
    throw toTrpcError(getTRPCErrorFromUnknown(error))
  } finally {
    leave?.()
  }
}

/** What could not be kept as it is, is refused before anything looks at it. */
const plain = translated.unstable_pipe(async ({ getRawInput, next }) => {
  if (hasOddText(await getRawInput())) {
    throw new TRPCError({ code: 'BAD_REQUEST', message: 'The input holds a NUL or half a character.' })
  }
  return next()
})

export const anyone = t.procedure.meta({ access: 'anyone' }).use(plain)

const wallet = plain.unstable_pipe(({ ctx, next }) => {
  if (ctx.who.kind !== 'wallet') throw signInNeeded()
  return next({ ctx: { who: ctx.who } })
})

/** `ctx.who.address` is the wallet; everything that is read or written is restricted to it. */
export const signedIn = t.procedure.meta({ access: 'wallet' }).use(wallet)

/** As `signedIn`; the procedure names a row and must look it up with the wallet's address in the condition. */
export const owned = t.procedure.meta({ access: 'owner' }).use(wallet)

export const agentOnly = t.procedure.meta({ access: 'agent' }).use(
  translated.unstable_pipe(({ ctx, next }) => {
    if (ctx.who.kind !== 'agent') {
      throw new TRPCError({ code: 'FORBIDDEN', message: 'Only a paired agent may call this.' })
    }
    return next({ ctx: { who: ctx.who } })
  }),
)

function signInNeeded(): TRPCError {
  return new TRPCError({ code: 'UNAUTHORIZED', message: 'Sign in with your wallet first.' })
}
