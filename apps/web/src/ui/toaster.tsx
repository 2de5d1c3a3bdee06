'use client'

import { Toaster as Sonner } from 'sonner'

export function Toaster() {
  return (
    <Sonner
      position="bottom-right"
      toastOptions={{
        style: {
          background: 'var(--surface)',
          color: 'var(--text)',
          border: '1px solid var(--line)',
          borderRadius: '0.75rem',
          boxShadow: 'var(--shadow-lift)',
          fontFamily: 'inherit',
        },
      }}
    />
  )
}
