import { openRpcClient, type RpcClient } from '../chain/rpc-client.ts'
import type { AgentConfig } from '../config/agent-config.ts'

/** A client that gives up soon: a person waits for the doctor. */
export function doctorRpc({ chainId }: AgentConfig['chain'], urls: readonly string[]): RpcClient {
  return openRpcClient({ urls, chainId, timeoutMs: 5000, rounds: 1 })
}
