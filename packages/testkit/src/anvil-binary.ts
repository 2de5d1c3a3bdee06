import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const ARCH: Record<string, string> = { x64: 'amd64', arm64: 'arm64' }

/**
 * The anvil executable that npm installed for this platform: the binary itself, not the wrapper, so that signals reach it.
 * @throws when the platform's package is missing.
 */
export function anvilBinary(): string {
  const name = `@foundry-rs/anvil-${process.platform}-${ARCH[process.arch] ?? process.arch}`
  try {
    const root = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`))
    return join(root, 'bin', process.platform === 'win32' ? 'anvil.exe' : 'anvil')
  } catch (cause) {
    throw new Error(
      `${name} is not installed: run npm install (the devnet is only available where Foundry is).`,
      { cause },
    )
  }
}
