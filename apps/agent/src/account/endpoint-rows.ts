import { parseEndpoint } from '@dmc/core/protocol/endpoint'
import type { Store } from '../store/open-store.ts'

/** Written down before it is sent: what stands on chain later is known as this host's, whatever its address is by then. */
export function noteOwnEndpoint(store: Store, url: string): void {
  if (url !== '')
    store.db.prepare('INSERT INTO own_endpoint (url) VALUES (?) ON CONFLICT DO NOTHING').run(url)
}

/** Does what stands on chain lead to this host: put there by it, now its own, or with its TLS key? */
export function isOwnEndpoint(store: Store, onChain: string, own: string): boolean {
  if (onChain === own) return true
  if (store.db.prepare('SELECT 1 FROM own_endpoint WHERE url = ?').get(onChain)) return true
  const keys = keysOf(own)
  return keysOf(onChain).some((key) => keys.includes(key))
}

/** Anybody may have written what is on chain. */
function keysOf(url: string): string[] {
  try {
    return parseEndpoint(url).spki
  } catch {
    return []
  }
}
