'use client'

import { useEffect } from 'react'

/** Goes to the sign-in and back here afterwards. */
export function NeedSignIn() {
  useEffect(() => {
    const { pathname, search } = window.location
    window.location.replace(`/connect?next=${encodeURIComponent(pathname + search)}`)
  }, [])
  return (
    <main id="main" className="grid min-h-dvh place-items-center px-4 text-muted">
      <h1 className="text-sm font-normal">One moment: you need to sign in first…</h1>
    </main>
  )
}
