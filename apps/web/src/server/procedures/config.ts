import { anyone, router } from '../trpc.ts'

/** What every page needs to know about chain and Market; the same for all. */
export const configRouter = router({
  get: anyone.query(async ({ ctx }) => {
    const { env, chain } = ctx.services
    const { token, parameters } = await chain.facts()
    return {
      chainId: env.chain.chainId,
      chainName: env.chain.name,
      isDevnet: [31337, 1337].includes(env.chain.chainId),
      market: env.chain.market,
      token,
      explorerUrl: env.chain.explorerUrl,
      confirmations: env.chain.confirmations,
      parameters,
      rpcPath: '/api/rpc',
    }
  }),
})
