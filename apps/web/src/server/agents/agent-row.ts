import type { findAgentOf } from '@dmc/db/agents/agents'
import { getAddress } from 'viem'
import * as z from 'zod'

type AgentEntity = NonNullable<Awaited<ReturnType<typeof findAgentOf>>>

/** The host report as its JSON column holds it: integers of the chain as text. Missing before the first report. */
const state = z
  .object({
    roots: z.object({
      read: z.array(z.string()),
      restore: z.array(z.string()),
      sector: z.array(z.string()),
    }),
    endpoint: z.string().nullable(),
    listening: z.boolean(),
    chain: z.object({
      block: z.coerce.bigint(),
      error: z.object({ code: z.string(), message: z.string(), hint: z.string() }).nullable(),
    }),
    operator: z.object({
      scopes: z.array(z.string()),
      expiresAt: z.coerce.bigint(),
      gasWei: z.coerce.bigint(),
    }),
    attention: z.array(
      z.object({ level: z.enum(['warning', 'error']), message: z.string(), hint: z.string() }),
    ),
    startedMs: z.number(),
    nowMs: z.number(),
  })
  .partial()

/** One agent for a list of agents. What the agent has not said yet is null, not invented. */
export function agentRow(agent: AgentEntity) {
  const said = state.safeParse(agent.state).data ?? {}
  return {
    agentId: agent.id,
    name: agent.name,
    hostName: agent.hostName,
    os: agent.os,
    arch: agent.arch,
    version: agent.version,
    roles: agent.roles,
    online: agent.connectedAt !== null,
    connectedAt: agent.connectedAt,
    lastSeenAt: agent.lastSeenAt,
    pairedAt: agent.createdAt,
    operator: getAddress(agent.operator),
    /** Names, as the chain has them; empty: it may do nothing. */
    operatorScopes: said.operator?.scopes ?? [],
    operatorExpiresAt: said.operator?.expiresAt ?? null,
    gasWei: said.operator?.gasWei ?? null,
    roots: said.roots ?? { read: [], restore: [], sector: [] },
    endpoint: said.endpoint ?? null,
    listening: said.listening ?? false,
    chainBlock: said.chain?.block ?? null,
    chainError: said.chain?.error ?? null,
    attention: said.attention ?? [],
    startedMs: said.startedMs ?? null,
    reported: said.nowMs !== undefined,
  }
}
