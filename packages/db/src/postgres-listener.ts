import pg from 'pg'
import type { Listener } from './engine.ts'

/**
 * LISTEN on one connection of its own, opened when first needed and again whenever it breaks; after a break every listener is told
 * null, since what was sent meanwhile is gone.
 */
export function postgresListener(config: pg.ClientConfig) {
  const listeners = new Map<string, Set<Listener>>()
  let client: pg.Client | null = null
  let opening: Promise<pg.Client> | null = null
  let closed = false

  const tell = (channel: string, payload: string | null) => {
    for (const listener of listeners.get(channel) ?? []) listener(payload)
  }

  async function open(): Promise<pg.Client> {
    const fresh = new pg.Client({ ...config, keepAlive: true })
    let gone = false
    const onGone = () => {
      if (gone) return
      gone = true
      if (client !== fresh) return
      client = null
      void reopen()
    }
    fresh.on('error', onGone)
    fresh.on('end', onGone)
    fresh.on('notification', ({ channel, payload }) => tell(channel, payload ?? ''))
    await fresh.connect()
    for (const channel of listeners.keys()) await fresh.query(`LISTEN ${channel}`)
    client = fresh
    return fresh
  }

  const opened = () => {
    if (client !== null) return Promise.resolve(client)
    opening ??= open().finally(() => {
      opening = null
    })
    return opening
  }

  async function reopen(): Promise<void> {
    for (let pause = 100; !closed && listeners.size > 0; pause = Math.min(pause * 2, 5_000)) {
      await new Promise((resolve) => setTimeout(resolve, pause))
      if (closed) return
      try {
        await opened()
        for (const channel of listeners.keys()) tell(channel, null)
        return
      } catch {}
    }
  }

  return {
    async listen(channel: string, listener: Listener): Promise<() => Promise<void>> {
      const known = listeners.get(channel)
      const all = known ?? new Set()
      all.add(listener)
      listeners.set(channel, all)
      const connection = await opened()
      if (known === undefined) await connection.query(`LISTEN ${channel}`)
      return async () => {
        all.delete(listener)
        if (all.size > 0 || listeners.get(channel) !== all) return
        listeners.delete(channel)
        if (!closed) await client?.query(`UNLISTEN ${channel}`).catch(() => {})
      }
    },
    async close(): Promise<void> {
      closed = true
      const last = client
      client = null
      await last?.end().catch(() => {})
    },
  }
}
