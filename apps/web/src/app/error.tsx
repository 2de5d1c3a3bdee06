'use client'

import { useEffect } from 'react'
import { Failed } from '../ui/list-state.tsx'

/** A page that could not be made: the sentence that is known, and the same page again. */
export default function PageError({ error, reset }: { error: Error; reset: () => void }) {
  useEffect(() => console.error(error), [error])
  return (
    <main id="main" className="mx-auto grid min-h-dvh max-w-md place-content-center px-4">
      <h1 className="sr-only">Something went wrong</h1>
      <Failed
        error={{ message: 'This page could not be shown.', hint: 'Nothing is lost: try again in a moment.' }}
        retry={reset}
      />
    </main>
  )
}
