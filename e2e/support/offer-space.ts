import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { AgentProcess } from '@dmc/testkit/agent-process'
import type { Page } from '@playwright/test'
import { pairHost } from './pair-host.ts'
import type { World } from './world.ts'

/** Pairs a host with a disk and publishes a bill for it, as a miner does by clicks; the page must be signed in as `owner`. */
export async function offerSpace(
  page: Page,
  world: World,
  of: { name: string; owner: string; gib: string; price?: string },
): Promise<AgentProcess> {
  const { name, owner, gib, price } = of
  const disk = join(world.folder, `${name}-mnt`)
  mkdirSync(join(disk, 'disk-1'), { recursive: true })
  const agent = await pairHost(page, world, {
    name,
    owner,
    role: 'miner',
    allow: ['sector'],
    folders: [disk],
  })
  await page.waitForURL(/\/m\/bills\/new/)
  await page.getByRole('button', { name: disk }).click({ timeout: 30_000 })
  await page.getByRole('button', { name: 'disk-1' }).click()
  await page.getByLabel('Space to offer').fill(gib)
  if (price !== undefined) await page.getByLabel('Price', { exact: true }).fill(price)
  await page.getByRole('button', { name: 'Publish the bill' }).click()
  await page.waitForURL(`${world.url}/m`, { timeout: 60_000 })
  return agent
}
