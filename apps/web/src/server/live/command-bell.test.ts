import { openDatabase } from '@dmc/db/open-database'
import { simulatedHost } from '@dmc/testkit/simulated-agent'
import { pairSimulated } from '@dmc/testkit/simulation'
import { expect, it } from 'vitest'
import { CommandBell } from './command-bell.ts'

const OWNER = '0x90F79bf6EB2c4f870365E785982E1f101E93b906'

it('a command whose message was missed is found by the look at all agents, and rings nobody else', async () => {
  const db = await openDatabase({})
  await pairSimulated(db, { seed: 'bell', from: 0, count: 2, owner: OWNER })
  const [mine, other] = [simulatedHost('bell', 0).agentId, simulatedHost('bell', 1).agentId]
  const bell = await CommandBell.open(db)
  const stop = new AbortController()
  try {
    const rung: string[] = []
    const waits = [mine, other].map((id) => bell.arm(id, stop.signal).then(() => rung.push(id)))
    const expiresAt = new Date(Date.now() + 60_000)
    // as if another process had written it and its message had been lost
    await db.prisma.command.create({
      data: { agentId: mine, kind: 'x', args: {}, requestKey: 'x', createdBy: OWNER, expiresAt },
    })
    await waits[0]
    expect(rung).toEqual([mine])
    stop.abort()
    await waits[1]
  } finally {
    await bell.close()
    await db.close()
  }
})
