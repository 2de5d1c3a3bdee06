import { agentVersion, CONTROL_PROTOCOL } from '../control/version.ts'
import type { Action } from './shell.ts'

export const version: Action = async ({ io }) => {
  const { platform, arch, versions } = process
  io.document('version', {
    version: agentVersion(),
    node: versions.node,
    platform,
    arch,
    wireProtocol: 1,
    controlProtocol: CONTROL_PROTOCOL,
  })
  io.print(`dmc-agent ${agentVersion()}`)
  io.detail(
    `Node ${versions.node} on ${platform} ${arch}, wire protocol 1, control protocol ${CONTROL_PROTOCOL}`,
  )
}
