import { test as base, expect, type Page } from '@playwright/test'
import type { LocalAccount } from 'viem'
import { installWallet, type TestWallet } from './test-wallet.ts'
import { World } from './world.ts'

interface Counted {
  clicks: number
}

interface Fixtures {
  /** Fails the test when the page asks another host, breaks its policy, or throws. */
  watched: Page
  counted: Counted
  connectAs: (account: LocalAccount, options?: { chainId?: number }) => Promise<TestWallet>
}

export const test = base.extend<Fixtures, { worldOf: string; world: World }>({
  /** Files that need an empty market, an empty database or hosts of their own name a world; the others share one. */
  worldOf: ['all', { option: true, scope: 'worker' }],

  world: [
    // the name is all that tells one worker's world from another's
    async ({ worldOf: _ }, use) => {
      const world = await World.start()
      await use(world)
      await world.stop()
    },
    { scope: 'worker', timeout: 180_000 },
  ],

  watched: async ({ page, world }, use) => {
    const foreign: string[] = []
    const wrong: string[] = []
    page.on('request', (request) => {
      const { protocol, host } = new URL(request.url())
      if (/^(https?|wss?):$/.test(protocol) && host !== new URL(world.url).host) foreign.push(request.url())
    })
    page.on('pageerror', (error) => wrong.push(error.stack ?? error.message))
    page.on('console', (message) => {
      if (/content security policy|hydrat/i.test(message.text())) wrong.push(message.text())
    })
    await use(page)
    expect(foreign, 'requests to other hosts').toEqual([])
    expect(wrong, 'errors in the page').toEqual([])
  },

  counted: async ({ page }, use) => {
    const counted = { clicks: 0 }
    await page.exposeFunction('dmcCountClick', () => {
      counted.clicks++
    })
    await page.addInitScript(() => {
      const count = (window as unknown as { dmcCountClick(): void }).dmcCountClick
      // trusted ones only: what a person's hand would have done
      window.addEventListener('click', (event) => event.isTrusted && event.detail > 0 && count(), true)
    })
    await use(counted)
  },

  connectAs: async ({ page, world }, use) => {
    await use((account, { chainId } = {}) =>
      installWallet(page, {
        account,
        rpcUrl: world.devnet.url,
        chainId: world.devnet.anvil.chainId,
        ...(chainId === undefined ? {} : { startChainId: chainId }),
      }),
    )
  },
})

export { expect }

/** Signs in with the injected wallet; the page then stands on `next`. */
export async function signIn(page: Page, world: World, next = '/u'): Promise<void> {
  await page.goto(`${world.url}/connect?next=${encodeURIComponent(next)}`)
  await page.getByRole('button', { name: 'Test Wallet' }).click()
  await page.waitForURL((url) => url.pathname + url.search === next)
}
