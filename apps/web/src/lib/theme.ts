export const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]
export const THEME_COOKIE = 'dmc_theme'

/** The theme lives in a cookie, so the server writes it into the first byte of HTML: no flash and no inline script. */
export function readTheme(cookies: { get(name: string): { value: string } | undefined }): Theme {
  const value = cookies.get(THEME_COOKIE)?.value
  return THEMES.find((theme) => theme === value) ?? 'system'
}
