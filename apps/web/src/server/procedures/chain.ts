import { reading } from '@dmc/core/chain/chain-error'
import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import { readChainState } from '@dmc/db/chain/read-chain-state'
import { anyone, router } from '../trpc.ts'

/** How fresh what is shown can be. A silent chain is an answer, not an error. */
export const chainRouter = router({
  status: anyone.query(async ({ ctx }) => {
    const { db, chain } = ctx.services
    const state = await readChainState(db.prisma)
    try {
      const block = await reading('the newest block', () => chain.client.getBlock({ blockTag: 'latest' }))
      const head = { number: block.number, time: block.timestamp }
      const indexed = state && state.nextBlock > 0n ? state.nextBlock - 1n : null
      return {
        head,
        indexed,
        lag: indexed === null ? null : head.number - indexed,
        rpcOk: true,
        error: state?.trouble ?? null,
      }
    } catch (error) {
      const { code, message, hint } = toDmcError(error).toJSON()
      return { head: null, indexed: null, lag: null, rpcOk: false, error: { code, message, hint } }
    }
  }),
})
