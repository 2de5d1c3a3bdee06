import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { isPublicAddress } from '@dmc/core/protocol/public-address'

/** Where a webhook goes: the URL, and the one address that is dialled for it. */
export interface WebhookTarget {
  url: URL
  address: string
}

export const MOST_URL = 500

/**
 * The form alone: https, a host, no user or password.
 * @param allowPrivate also http, and addresses inside this network: DMC_ALLOW_PRIVATE_WEBHOOKS
 * @throws WEBHOOK_REFUSED
 */
export function checkWebhookUrl(text: string, allowPrivate: boolean): URL {
  if (text.length > MOST_URL || !URL.canParse(text)) throw refused('That is not a URL.')
  const url = new URL(text)
  if (url.protocol !== 'https:' && !(allowPrivate && url.protocol === 'http:')) {
    throw refused(`A webhook needs https://, not ${url.protocol}//.`)
  }
  if (url.username !== '' || url.password !== '')
    throw refused('A webhook’s URL holds no user and no password.')
  const host = bareHost(url)
  if (!allowPrivate && isIP(host) !== 0 && !isPublicAddress(host)) throw refused(privateSentence(host))
  return url
}

/**
 * Resolves the host once, to the address that is then dialled: no second look-up can turn it to a private one. One private address
 * among several refuses them all.
 * @throws WEBHOOK_REFUSED
 */
export async function resolveWebhook(url: URL, allowPrivate: boolean): Promise<WebhookTarget> {
  const host = bareHost(url)
  const found = isIP(host) !== 0 ? [host] : await addressesOf(host)
  const inside = allowPrivate ? undefined : found.find((address) => !isPublicAddress(address))
  if (inside !== undefined) throw refused(privateSentence(host === inside ? host : `${host} (${inside})`))
  const [address] = found
  if (address === undefined) throw refused(`The name ${host} has no address.`)
  return { url, address }
}

const bareHost = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '')

const privateSentence = (host: string) => `${host} is not a public address.`

async function addressesOf(host: string): Promise<string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address)
  } catch {
    throw refused(`The name ${host} can’t be resolved.`)
  }
}

const refused = (message: string) =>
  new DmcError('WEBHOOK_REFUSED', message, {
    hint: 'Give the https:// address of a server that can be reached from the internet.',
  })
