'use client'

import { Monitor, Moon, Sun } from 'lucide-react'
import { useEffect, useState } from 'react'
import { THEME_COOKIE, THEMES, type Theme } from '../../lib/theme.ts'

const LOOK = {
  system: { Icon: Monitor, name: 'as the system' },
  light: { Icon: Sun, name: 'light' },
  dark: { Icon: Moon, name: 'dark' },
} as const

/** Goes through system, light and dark; kept for a year in a cookie, so the server knows it, too. */
export function ThemeSwitch() {
  const [theme, setTheme] = useState<Theme>('system')
  useEffect(() => {
    setTheme((document.documentElement.dataset.theme as Theme | undefined) ?? 'system')
  }, [])
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system'
  const { Icon, name } = LOOK[theme]
  return (
    <button
      type="button"
      aria-label={`Theme: ${name}. Change to ${LOOK[next].name}`}
      title={`Theme: ${name}`}
      onClick={() => {
        document.documentElement.dataset.theme = next
        // biome-ignore lint/suspicious/noDocumentCookie: the cookie store is not in every browser yet
        document.cookie = `${THEME_COOKIE}=${next}; path=/; max-age=31536000; samesite=lax`
        setTheme(next)
      }}
      className="grid size-9 place-items-center rounded-lg text-muted hover:bg-raised hover:text-text"
    >
      <Icon className="size-4" aria-hidden />
    </button>
  )
}
