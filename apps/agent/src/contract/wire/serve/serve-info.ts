import type { ServerResponse } from 'node:http'
import { PROTOCOL_VERSION } from '@dmc/core/protocol/limits'
import { sendJson } from '../reply.ts'
import type { ServerContext } from '../server-context.ts'

/** `GET /v1/info`: who answers, versions, limits. */
export function serveInfo({ reader, limits, version }: ServerContext, response: ServerResponse): void {
  const { headerBytes, jsonBytes, dataBytes, connectionsPerOrder, challengeLeaves, probeBytes } = limits
  sendJson(response, 200, {
    name: 'dmc-agent',
    version: version ?? '0.0.0',
    protocol: PROTOCOL_VERSION,
    chainId: reader.chainId,
    market: reader.market,
    limits: { headerBytes, jsonBytes, dataBytes, connectionsPerOrder, challengeLeaves, probeBytes },
  })
}
