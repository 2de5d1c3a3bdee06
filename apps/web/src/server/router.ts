import type { inferRouterInputs, inferRouterOutputs } from '@trpc/server'
import { agentsRouter } from './procedures/agents.ts'
import { alertsRouter } from './procedures/alerts.ts'
import { authRouter } from './procedures/auth.ts'
import { billsRouter } from './procedures/bills.ts'
import { chainRouter } from './procedures/chain.ts'
import { commandsRouter } from './procedures/commands.ts'
import { configRouter } from './procedures/config.ts'
import { journalRouter } from './procedures/journal.ts'
import { linkRouter } from './procedures/link.ts'
import { liveRouter } from './procedures/live.ts'
import { marketRouter } from './procedures/market.ts'
import { moneyRouter } from './procedures/money.ts'
import { ordersRouter } from './procedures/orders.ts'
import { pairingRouter } from './procedures/pairing.ts'
import { restoresRouter } from './procedures/restores.ts'
import { sectorsRouter } from './procedures/sectors.ts'
import { settingsRouter } from './procedures/settings.ts'
import { snapshotsRouter } from './procedures/snapshots.ts'
import { sourcesRouter } from './procedures/sources.ts'
import { createCallerFactory, router } from './trpc.ts'

/** Everything that the dashboard answers, over HTTP (queries and mutations) and WebSocket (all). */
export const appRouter = router({
  agents: agentsRouter,
  alerts: alertsRouter,
  auth: authRouter,
  chain: chainRouter,
  commands: commandsRouter,
  config: configRouter,
  orders: ordersRouter,
  bills: billsRouter,
  journal: journalRouter,
  link: linkRouter,
  live: liveRouter,
  market: marketRouter,
  money: moneyRouter,
  pairing: pairingRouter,
  restores: restoresRouter,
  sectors: sectorsRouter,
  settings: settingsRouter,
  snapshots: snapshotsRouter,
  sources: sourcesRouter,
})

export type AppRouter = typeof appRouter
export type RouterInputs = inferRouterInputs<AppRouter>
export type RouterOutputs = inferRouterOutputs<AppRouter>

/** Calls procedures in this process, for pages that are rendered on the server. */
export const createCaller = createCallerFactory(appRouter)
export type Caller = ReturnType<typeof createCaller>
