import type { Prisma } from '../generated/client.ts'
import { GATHER_MS, Groups, perDatabase } from '../groups.ts'
import { type Database, notify } from '../open-database.ts'

/** Told when an agent has a new command; the message is the agent's id. */
export const COMMANDS_CHANNEL = 'commands'

/** No agent has more than this many commands under way: a page gone wild fills nothing. */
const MOST_OPEN = 100

export interface NewCommand {
  agentId: string
  kind: string
  /** JSON; bigints as text. */
  args: unknown
  requestKey: string
  createdBy: string
  expiresAt: Date
}

/** The row first; the same `requestKey` again is the same command. @returns null when the agent has too many open ones */
export async function addCommand(db: Database, of: NewCommand): Promise<{ id: bigint } | null> {
  return db.transaction(async (tx) => {
    const same = await tx.command.findUnique({
      where: { agentId_requestKey: { agentId: of.agentId, requestKey: of.requestKey } },
      select: { id: true },
    })
    if (same) return same
    const open = await tx.command.count({
      where: { agentId: of.agentId, state: { in: ['queued', 'delivered'] } },
    })
    if (open >= MOST_OPEN) return null
    const created = await tx.command.create({
      data: { ...of, args: of.args as Prisma.InputJsonValue },
      select: { id: true },
    })
    await notify(tx, COMMANDS_CHANNEL, of.agentId)
    return created
  })
}

interface QueuedCommand {
  id: bigint
  args: unknown
  expiresAt: Date
}

/** Agents that come back at once ask at once. */
const MOST_ASKING = 256

const asking = perDatabase(
  (db) =>
    new Groups<{ agentId: string; now: Date }, QueuedCommand[]>({
      async run(asked) {
        const found = new Map<string, QueuedCommand[]>(asked.map(({ agentId }) => [agentId, []]))
        const rows = await db.prisma.$queryRaw<(QueuedCommand & { agentId: string })[]>`
          SELECT "agentId", id, args, "expiresAt" FROM commands
          WHERE "agentId" = ANY(${[...found.keys()]}::text[]) AND state = 'queued' AND "expiresAt" > ${asked[0]?.now}
          ORDER BY id`
        for (const { agentId, ...row } of rows) found.get(agentId)?.push(row)
        return asked.map(({ agentId }) => (found.get(agentId) ?? []).slice(0, MOST_OPEN))
      },
      key: ({ agentId }) => agentId,
      most: MOST_ASKING,
      everyMs: GATHER_MS,
    }),
)

/** What the agent has not confirmed to have, oldest first. */
export const queuedCommands = (db: Database, agentId: string, now: Date): Promise<QueuedCommand[]> =>
  asking(db).add({ agentId, now })

/** All agents for which something waits. */
export async function agentsWithQueued(db: Database, now: Date): Promise<string[]> {
  const rows = await db.prisma.$queryRaw<{ agentId: string }[]>`
    SELECT DISTINCT "agentId" FROM commands WHERE state = 'queued' AND "expiresAt" > ${now}`
  return rows.map(({ agentId }) => agentId)
}

/** The agent has written it down. */
export async function noteTaken(
  db: Database,
  of: { agentId: string; commandIds: bigint[]; now: Date },
): Promise<void> {
  await db.prisma.command.updateMany({
    where: { agentId: of.agentId, id: { in: of.commandIds }, state: 'queued' },
    data: { state: 'delivered', deliveredAt: of.now },
  })
}

export function findCommandOf(db: Database, of: { commandId: bigint; owner: string }) {
  return db.prisma.command.findFirst({ where: { id: of.commandId, agent: { owner: of.owner } } })
}

export async function expireCommands(db: Database, now: Date): Promise<void> {
  await db.prisma.command.updateMany({
    where: { state: { in: ['queued', 'delivered'] }, expiresAt: { lt: now } },
    data: {
      state: 'expired',
      finishedAt: now,
      error: {
        code: 'COMMAND_EXPIRED',
        message: 'The agent did not carry it out in time.',
        hint: 'Is it connected? Ask again.',
      },
    },
  })
}
