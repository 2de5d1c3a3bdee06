import { type Check, failed, ok } from '../check.ts'

/** node:sqlite, zstd and crypto.hash came with it. */
const NEEDED = [22, 15] as const

export const nodeVersion: Check = {
  name: 'node-version',
  title: 'Node',
  async run() {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
    const enough = major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])
    if (enough) return ok(`Node ${process.versions.node} on ${process.platform} ${process.arch}`)
    return failed(
      `Node ${process.versions.node} is too old; ${NEEDED.join('.')} is needed.`,
      'Start it by `npx dmc-agent`, which brings the Node it needs, or install a newer Node.',
    )
  },
}
