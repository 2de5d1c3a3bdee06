import localFont from 'next/font/local'

/** Geist, cut down to Latin and the few signs that are used (licence: fonts/OFL.txt). */
export const sans = localFont({
  src: './fonts/geist-variable.woff2',
  variable: '--font-geist',
  weight: '100 900',
  display: 'swap',
})

/** For addresses, roots and commands; not preloaded: the first view of most pages does without. */
export const mono = localFont({
  src: './fonts/geistmono-variable.woff2',
  variable: '--font-geist-mono',
  weight: '100 900',
  display: 'swap',
  preload: false,
})
