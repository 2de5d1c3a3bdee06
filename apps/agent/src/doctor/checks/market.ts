import { type Check, notChecked, ok } from '../check.ts'
import { doctorRpc } from '../doctor-rpc.ts'
import { CONFIGURE, NOT_CONFIGURED } from './chain-rpc.ts'

export const market: Check = {
  name: 'market',
  title: 'Market',
  async run({ chain }) {
    if (!chain) return notChecked(NOT_CONFIGURED, CONFIGURE)
    await doctorRpc(chain, chain.rpcUrls).checkMarket(chain.market)
    return ok(`a DMC Market stands at ${chain.market}`)
  },
}
