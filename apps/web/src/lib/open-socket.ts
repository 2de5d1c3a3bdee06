import { createWSClient } from '@trpc/client'
import { impatient } from './impatient-socket.ts'

/**
 * The one socket of a page, with its ways to stay alive: it is pinged, dialled again when it is lost, and never waited for long.
 * @param Base the browser's WebSocket
 */
export const openSocket = (
  url: string,
  { onClose, Base = WebSocket }: { onClose?: (cause?: { code?: number }) => void; Base?: typeof WebSocket },
) =>
  createWSClient({
    url,
    WebSocket: impatient(Base, { openMs: 8_000, closeMs: 2_000 }),
    // the hello of a browser: who it is says its cookie
    connectionParams: { kind: 'browser' },
    ...(onClose === undefined ? {} : { onClose }),
    // a person waits: often enough, and each a little off, so that many pages don't come back at once
    retryDelayMs: (attempt) => Math.min(400 * 2 ** attempt, 3_000) * (0.75 + Math.random() / 2),
    // a machine under load may be silent for seconds; cutting it off would only add to its load
    keepAlive: { enabled: true, intervalMs: 5_000, pongTimeoutMs: 5_000 },
  })
