import type { AgentContext } from '../agent-context.ts'
import type { Handler } from '../control/handler.ts'
import { walletInfo } from '../rows/wallet-info.ts'

export const walletShow: Handler<'wallet.show', AgentContext> = (ctx) => walletInfo(ctx)
