import type { inferRouterInputs, inferRouterOutputs } from '@trpc/server'
import { configRouter } from './procedures/config.ts'
import { marketRouter } from './procedures/market.ts'
import { createCallerFactory, router } from './trpc.ts'

/** Everything that the dashboard answers, over HTTP (queries and mutations) and WebSocket (all). */
export const appRouter = router({
  config: configRouter,
  market: marketRouter,
})

export type AppRouter = typeof appRouter
export type RouterInputs = inferRouterInputs<AppRouter>
export type RouterOutputs = inferRouterOutputs<AppRouter>

/** Calls procedures in this process, for pages that are rendered on the server. */
export const createCaller = createCallerFactory(appRouter)
export type Caller = ReturnType<typeof createCaller>
