'use client'

import { useEffect } from 'react'

/**
 * A page that could not be made: what is known, and the same page again. Imports nothing: it is part of every page's first load.
 */
export default function PageError({ error, reset }: { error: Error; reset: () => void }) {
  useEffect(() => console.error(error), [error])
  return (
    <main
      id="main"
      role="alert"
      className="mx-auto grid min-h-dvh max-w-md place-content-center gap-2 px-4 text-center"
    >
      <h1 className="font-medium">This page could not be shown.</h1>
      <p className="text-[0.8125rem] text-muted">Nothing is lost: try again in a moment.</p>
      <button
        type="button"
        onClick={reset}
        className="mx-auto mt-2 h-9 rounded-lg border border-line-strong bg-surface px-3.5 text-sm font-medium shadow-card hover:bg-raised"
      >
        Try again
      </button>
    </main>
  )
}
