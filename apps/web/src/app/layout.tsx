import type { Metadata, Viewport } from 'next'
import { cookies } from 'next/headers'
import type { ReactNode } from 'react'
import { readTheme } from '../lib/theme.ts'
import { mono, sans } from './fonts.ts'
import './globals.css'

export const metadata: Metadata = {
  title: { default: 'DMC · backups that are proven', template: '%s · DMC' },
  description:
    'A market for backups: your files encrypted on your machine, stored by miners who lock tokens for it, proven on chain.',
}

export const viewport: Viewport = {
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#fafbfb' },
    { media: '(prefers-color-scheme: dark)', color: '#0c0e11' },
  ],
}

/** Every page is rendered per request: the content security policy's nonce is new each time. */
export const dynamic = 'force-dynamic'

export default async function RootLayout({ children }: { children: ReactNode }) {
  const theme = readTheme(await cookies())
  return (
    <html lang="en" data-theme={theme} className={`${sans.variable} ${mono.variable}`}>
      <body className="font-sans">
        <a
          href="#main"
          className="sr-only focus:not-sr-only focus:fixed focus:top-3 focus:left-3 focus:z-50 focus:rounded-lg focus:bg-accent focus:px-4 focus:py-2 focus:text-on-accent"
        >
          Skip to content
        </a>
        {children}
      </body>
    </html>
  )
}
