import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { DmcError } from '@dmc/core/errors/dmc-error'
import type { Endpoint } from '@dmc/core/protocol/endpoint'
import { isPublicAddress } from '@dmc/core/protocol/public-address'

/**
 * Resolves a miner's host once, to the one address that is then dialled: no second look-up can turn it to a private one.
 * @throws ENDPOINT_REFUSED for private addresses unless allowed, PEER_UNREACHABLE when the name is not known
 */
export async function resolveHost(endpoint: Endpoint, allowPrivate: boolean): Promise<string> {
  const { host } = endpoint
  const found = isIP(host) ? [host] : await addressesOf(host)
  const usable = allowPrivate ? found : found.filter(isPublicAddress)
  const [address] = usable
  if (address !== undefined) return address
  throw new DmcError(
    'ENDPOINT_REFUSED',
    `The miner's endpoint ${host} is a private address (${found.join(', ')}).`,
    {
      hint: 'Only if you know this miner and its network: dmc-agent config set allowPrivateEndpoints true.',
    },
  )
}

async function addressesOf(host: string): Promise<string[]> {
  try {
    const found = await lookup(host, { all: true })
    return found.map(({ address }) => address)
  } catch (error) {
    throw new DmcError('PEER_UNREACHABLE', `The miner's host name ${host} can't be resolved.`, {
      hint: 'Check this host’s network and DNS; it is tried again.',
      cause: error,
    })
  }
}
