import { readDefaultEndpoint } from '@dmc/core/chain/read-endpoint'
import { keystoreFile, readKeystore } from '../../keys/keystore-file.ts'
import { type Check, failed, notChecked, ok } from '../check.ts'
import { doctorRpc } from '../doctor-rpc.ts'
import { probeEndpoint } from '../probe-endpoint.ts'
import { CONFIGURE, NOT_CONFIGURED } from './chain-rpc.ts'

/** Does the address that this miner put on chain lead to this miner? Seen from here: a firewall outside may still differ. */
export const endpoint: Check = {
  name: 'endpoint',
  title: 'Endpoint',
  async run({ chain, owner, dataDir }) {
    if (!chain) return notChecked(NOT_CONFIGURED, CONFIGURE)
    const wallet = readKeystore(keystoreFile(dataDir)).wallet ?? owner
    if (!wallet) return notChecked('No wallet is known on this host.')
    const { client } = doctorRpc(chain, chain.rpcUrls)
    const published = await readDefaultEndpoint(client, { market: chain.market, miner: wallet })
    if (published === '') return notChecked('None is published: this wallet is not a miner, or not yet.')
    const problem = await probeEndpoint(published)
    if (problem === null) return ok(`${published.split('#')[0]} answers with the key that is on chain`)
    return failed(
      `${published.split('#')[0]}: ${problem}.`,
      'Start the agent, open the port on router and firewall, and publish the right address: dmc-agent endpoint set',
    )
  },
}
