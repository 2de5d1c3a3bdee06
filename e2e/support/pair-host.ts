import { join } from 'node:path'
import type { AgentProcess } from '@dmc/testkit/agent-process'
import type { Page } from '@playwright/test'
import { startPairing } from './pair.ts'
import type { World } from './world.ts'

/** A new host, paired in the browser by the wallet that is signed in, and running. */
export async function pairHost(
  page: Page,
  world: World,
  of: {
    name: string
    owner: string
    role: 'user' | 'miner'
    allow: ('read' | 'restore' | 'sector')[]
    folders: string[]
  },
): Promise<AgentProcess> {
  const { name, ...how } = of
  const agent = await world.agent(name)
  await agent.json(['init', '--yes', '--phrase-file', join(world.folder, name, 'phrase')])
  const pairing = await startPairing(agent, { server: world.url, ...how })
  await page.goto(pairing.url)
  await page.getByLabel('Name it').fill(name)
  await page.getByRole('button', { name: 'The words match: approve' }).click()
  await pairing.done
  await agent.start()
  return agent
}
