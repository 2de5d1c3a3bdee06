import { readFileSync } from 'node:fs'

/** Set by the bundler to the version in package.json. */
declare const __DMC_VERSION__: string | undefined

/** This agent's version, as in its package.json. */
export function agentVersion(): string {
  if (typeof __DMC_VERSION__ !== 'undefined') return __DMC_VERSION__
  const file = new URL('../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

/** The control protocol between this version's commands and the running agent. */
export const CONTROL_PROTOCOL = 1
