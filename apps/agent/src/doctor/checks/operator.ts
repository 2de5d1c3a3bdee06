import { reading } from '@dmc/core/chain/chain-error'
import { readOperator } from '@dmc/core/chain/read-operator'
import { OPERATOR_SCOPES } from '@dmc/core/chain/types'
import { formatDuration } from '@dmc/core/units/format-duration'
import { keystoreFile, readKeystore } from '../../keys/keystore-file.ts'
import { formatGas } from '../../output/format.ts'
import { type Check, notChecked, ok, warning } from '../check.ts'
import { doctorRpc } from '../doctor-rpc.ts'
import { CONFIGURE, NOT_CONFIGURED } from './chain-rpc.ts'

const AUTHORISE = 'Authorise it and send gas: dmc-agent operator authorise'
const SOON = 14 * 86_400
/** A prepare takes about 100,000 gas: room for twenty. */
const GAS_UNITS = 2_000_000n

export const operator: Check = {
  name: 'operator',
  title: 'Operator key',
  async run({ chain, dataDir, owner }) {
    if (!chain) return notChecked(NOT_CONFIGURED, CONFIGURE)
    const keys = readKeystore(keystoreFile(dataDir))
    const wallet = keys.wallet ?? owner
    if (!wallet)
      return notChecked('No wallet is known on this host.', 'Run: dmc-agent wallet create, or wallet import')
    const { client } = doctorRpc(chain, chain.rpcUrls)
    const at = { market: chain.market, owner: wallet, operator: keys.operator }
    const { scopes, expiresAt } = await readOperator(client, at)
    if (scopes === 0) {
      return warning(
        `${keys.operator} may do nothing for ${wallet} yet; the first order or bill authorises it.`,
        AUTHORISE,
      )
    }
    const names = Object.entries(OPERATOR_SCOPES).flatMap(([name, bit]) =>
      (scopes & bit) === 0 ? [] : [name],
    )
    const [block, gas, gasPrice] = await reading('the operator’s gas', () =>
      Promise.all([
        client.getBlock({ blockTag: 'latest' }),
        client.getBalance({ address: keys.operator }),
        client.getGasPrice(),
      ]),
    )
    const left = Number(expiresAt - block.timestamp)
    if (left <= 0) return warning(`The authorisation of ${keys.operator} has expired.`, AUTHORISE)
    if (left < SOON)
      return warning(`The authorisation of ${keys.operator} ends in ${formatDuration(left)}.`, AUTHORISE)
    if (gas < GAS_UNITS * gasPrice) {
      return warning(
        `${keys.operator} has ${formatGas(gas)} left, less than twenty transactions' gas.`,
        AUTHORISE,
      )
    }
    return ok(`${keys.operator}: ${names.join(', ')} for ${formatDuration(left)}, ${formatGas(gas)} for gas`)
  },
}
