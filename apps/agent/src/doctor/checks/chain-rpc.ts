import { reading } from '@dmc/core/chain/chain-error'
import { type Check, failed, notChecked, ok } from '../check.ts'
import { doctorRpc } from '../doctor-rpc.ts'

export const NOT_CONFIGURED = 'The chain is not configured.'
export const CONFIGURE = 'Run: dmc-agent config set chain.rpcUrls URL; dmc-agent config set chain.market 0x…'

/** Each RPC on its own: a second one that does not work is no help on the day it is needed. */
export const chainRpc: Check = {
  name: 'chain-rpc',
  title: 'Chain',
  async run({ chain }) {
    if (!chain) return notChecked(NOT_CONFIGURED, CONFIGURE)
    const lines: string[] = []
    for (const url of chain.rpcUrls) {
      const rpc = doctorRpc(chain, [url])
      const id = await reading('the chain id', () => rpc.client.getChainId())
      if (id !== chain.chainId) {
        return failed(
          `${rpc.shownUrl} is chain ${id}; ${chain.chainId} is configured.`,
          'Correct the URL or the id: dmc-agent config set chain.rpcUrls URL, or chain.chainId',
        )
      }
      lines.push(`${rpc.shownUrl} at block ${await rpc.head(0)}`)
    }
    return ok(`chain ${chain.chainId}: ${lines.join('; ')}`)
  },
}
