'use client'

import { useEffect } from 'react'
import { Card } from '../../ui/card.tsx'
import { Failed } from '../../ui/list-state.tsx'

/** One broken page does not take the frame with it. */
export default function AppError({ error, reset }: { error: Error; reset: () => void }) {
  useEffect(() => console.error(error), [error])
  return (
    <Card>
      <h1 className="sr-only">Something went wrong</h1>
      <Failed
        error={{ message: 'This page could not be shown.', hint: 'Nothing is lost: try again in a moment.' }}
        retry={reset}
      />
    </Card>
  )
}
