import { rmSync } from 'node:fs'
import { openDatabase } from '@dmc/db/open-database'
import { emptyDatabaseFolder } from '@dmc/testkit/empty-database'
import { SimulatedAgent, simulatedHost } from '@dmc/testkit/simulated-agent'
import { pairSimulated } from '@dmc/testkit/simulation'
import { expect, it } from 'vitest'
import { startDashboard } from '../support/dashboard.ts'
import { until } from '../support/until.ts'

const OWNER = '0x90F79bf6EB2c4f870365E785982E1f101E93b906'

it('a report leaves a host only once a power cut can’t take its number back', async () => {
  const folder = await emptyDatabaseFolder()
  const db = await openDatabase({ folder })
  await pairSimulated(db, { seed: 'settled', from: 0, count: 1, owner: OWNER })
  await db.close()
  const server = await startDashboard({ folder })
  const ended = new AbortController()
  const agent = new SimulatedAgent(simulatedHost('settled', 0))
  const { promise: onDisk, resolve: nowOnDisk } = Promise.withResolvers<void>()
  let asked = false
  agent.outbox.settled = () => {
    asked = true
    return onDisk
  }
  try {
    agent.start(server.url, ended.signal)
    await until('it is connected', async () => agent.open)
    agent.tick()
    await until('it waits for the disk', async () => asked)
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(agent.outbox.acked).toBe(0n)
    nowOnDisk()
    await until('the dashboard has it', async () => agent.outbox.acked === agent.outbox.seq)
    expect(agent.outbox.seq).toBeGreaterThan(0n)
  } finally {
    ended.abort()
    await agent.ended
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
