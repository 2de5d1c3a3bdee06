import type { NextConfig } from 'next'

/**
 * The custom server adds the security headers and the nonce; Next only renders. No image optimiser (its endpoint would fetch), no
 * Server Actions, nothing from another host.
 */
const config: NextConfig = {
  // A second build directory lets a test run its own server beside a running one.
  distDir: process.env.DMC_WEB_DIST ?? '.next',
  // Types have their own command, which covers more than pages: npm run typecheck.
  typescript: { ignoreBuildErrors: true },
  poweredByHeader: false,
  reactStrictMode: true,
  transpilePackages: ['@dmc/core'],
  images: { unoptimized: true },
  devIndicators: false,
  turbopack: { root: new URL('../..', import.meta.url).pathname },
}

export default config
