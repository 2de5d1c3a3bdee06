import { existsSync } from 'node:fs'

/** Where Debian's package has it. */
const DEBIAN = '/usr/bin/chromium'

export const hasDebianChromium = (): boolean => existsSync(DEBIAN)

/** How browser tests and benches start Chromium: Debian's where it is; elsewhere the one of `npx playwright install chromium`. */
export const chromiumOptions = () => ({
  ...(hasDebianChromium() ? { executablePath: DEBIAN } : {}),
  args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-background-networking'],
})
