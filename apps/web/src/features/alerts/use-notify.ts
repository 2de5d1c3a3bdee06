import { useEffect, useRef } from 'react'
import type { Alert } from '../people/use-attention.ts'
import { useBrowserNotes } from './browser-notes.ts'

/** Shows what opened since this page was loaded, if the person wants that of this browser. */
export function useNotify(items: readonly Alert[], known: boolean): void {
  const on = useBrowserNotes()
  const seen = useRef<Set<bigint> | null>(null)
  useEffect(() => {
    if (!known) return
    const before = seen.current
    seen.current = new Set(items.map(({ id }) => id))
    if (before === null || !on) return
    for (const { id, message, hint, level } of items) {
      if (before.has(id) || level === 'info') continue
      try {
        new Notification(message, { body: hint, tag: `dmc-alert-${id}` })
      } catch {} // a phone's browser wants a service worker for it
    }
  }, [items, known, on])
}
