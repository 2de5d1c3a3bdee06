import type { AgentContext } from '../agent-context.ts'
import type { Handler } from '../control/handler.ts'
import { healthOf } from '../health/health-report.ts'

export const healthGet: Handler<'health.get', AgentContext> = async (ctx) => healthOf(ctx)
