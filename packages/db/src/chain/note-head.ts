import { Prisma } from '../generated/client.ts'
import type { Queries } from '../open-database.ts'
import type { ChainTrouble } from './read-chain-state.ts'

/** The newest block that was seen, read or not. */
export async function noteHead(queries: Queries, head: { number: bigint; timestamp: bigint }): Promise<void> {
  await queries.chainState.updateMany({
    where: { id: 1 },
    data: { headNumber: head.number, headTime: head.timestamp, headSeenAt: new Date() },
  })
}

/** That the chain can't be read, or can again (null). */
export async function noteTrouble(queries: Queries, trouble: ChainTrouble | null): Promise<void> {
  await queries.chainState.updateMany({
    where: { id: 1 },
    data: { trouble: trouble === null ? Prisma.DbNull : { ...trouble } },
  })
}
