'use client'

import { useRef, useState } from 'react'

const key = (name: string) => `dmc:draft:${name}:${window.location.pathname}${window.location.search}`

function read<T extends object>(name: string, start: T): T {
  if (typeof window === 'undefined') return start
  try {
    const kept: unknown = JSON.parse(window.sessionStorage.getItem(key(name)) ?? '{}')
    const known = Object.entries(kept ?? {}).filter(([field]) => field in start)
    return { ...start, ...Object.fromEntries(known) }
  } catch {
    // no storage, or not ours: the form begins anew
    return start
  }
}

/**
 * What was entered in a form, kept for this tab and address of the page: it is there again after a reload or a new sign-in. Not in the
 * URL, where a link of a stranger could fill it in. `name` is whose it is; `forget` once it has been used.
 */
export function useDraft<T extends object>(name: string, start: T) {
  const [draft, setDraft] = useState(() => read(name, start))
  const newest = useRef(draft)
  const change = (fields: Partial<T>): void => {
    newest.current = { ...newest.current, ...fields }
    setDraft(newest.current)
    try {
      window.sessionStorage.setItem(key(name), JSON.stringify(newest.current))
    } catch {
      // then it lives as long as the page
    }
  }
  const forget = (): void => {
    try {
      window.sessionStorage.removeItem(key(name))
    } catch {
      // there was nothing
    }
  }
  return { draft, change, forget }
}
