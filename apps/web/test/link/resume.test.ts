import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { signInMessage } from '@dmc/core/dashboard/sign-in'
import { AgentProcess } from '@dmc/testkit/agent-process'
import { devAccount } from '@dmc/testkit/dev-accounts'
import { type Devnet, startDevnet } from '@dmc/testkit/devnet'
import { freePort } from '@dmc/testkit/free-port'
import { pairWithDashboard } from '@dmc/testkit/pair-with-dashboard'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { browserSocket, httpClient } from '../support/dashboard.ts'
import { ServerProcess } from '../support/server-process.ts'
import { until } from '../support/until.ts'

const folder = mkdtempSync(join(tmpdir(), 'dmc-resume-'))
const home = join(folder, 'home')
const account = devAccount(3)
let devnet: Devnet
let server: ServerProcess
let agent: AgentProcess
let agentId = ''
let browser: ReturnType<typeof httpClient>

beforeAll(async () => {
  devnet = await startDevnet({ blockTime: 0.4 })
  for (let i = 0; i < 40; i++) {
    mkdirSync(join(home, `folder-${i}`), { recursive: true })
    writeFileSync(join(home, `folder-${i}/file`), `${i}`)
  }
  server = new ServerProcess({
    PORT: String(await freePort()),
    DMC_WEB_DATA: join(folder, 'database'),
    DMC_RPC_URLS: devnet.url,
    DMC_CHAIN_ID: String(devnet.anvil.chainId),
    DMC_MARKET: devnet.market,
  })
  await server.start()
  browser = httpClient(server.address)
  const { nonce } = await browser.api.auth.nonce.mutate()
  const { origin } = server.address
  const message = signInMessage({
    origin,
    address: account.address,
    chainId: devnet.anvil.chainId,
    nonce,
    now: new Date(),
  })
  await browser.api.auth.signIn.mutate({ message, signature: await account.signMessage({ message }) })
  agent = new AgentProcess({
    name: 'agent',
    folder: join(folder, 'agent'),
    rpcUrl: devnet.url,
    chainId: devnet.anvil.chainId,
    market: devnet.market,
    port: await freePort(),
  })
  await agent.json(['init', '--yes', '--phrase-file', join(folder, 'agent/phrase')])
  const { chainId } = devnet.anvil
  agentId = (await pairWithDashboard(agent, { origin, chainId, account, label: 'host', allowRead: [home] }))
    .agentId
  await agent.start()
  await online()
}, 120_000)

afterAll(async () => {
  await agent?.stop()
  await server?.stop('SIGTERM')
  await devnet?.stop()
  rmSync(folder, { recursive: true, force: true })
}, 60_000)

const online = () =>
  until(
    'the agent is connected',
    async () => (await browser.api.agents.list.query()).find((row) => row.online && row.reported),
    60_000,
  )

const journal = async () => (await browser.api.journal.list.query({ limit: 200 })).items

/** Each number of the agent's journal from the first to the newest, each once. */
async function complete(): Promise<number> {
  const mine = await agent.json<{ entries: { seq: number; event: string; message: string }[] }>([
    'journal',
    '--limit',
    '1000',
  ])
  await until('everything is told', async () => (await journal()).length >= mine.entries.length)
  const rows = await journal()
  const told = rows.map((row) => Number(row.seq)).sort((a, b) => a - b)
  expect(new Set(told).size).toBe(told.length)
  for (const entry of mine.entries) {
    expect(rows.find((row) => Number(row.seq) === entry.seq)).toMatchObject({
      event: entry.event,
      message: entry.message,
    })
  }
  return told.length
}

describe('after a drop both sides go on where they were', () => {
  it('the server is killed while the agent has things to say: nothing lost, nothing doubled', async () => {
    for (let round = 0; round < 3; round++) {
      const adding = (async () => {
        for (let i = 0; i < 6; i++) await agent.json(['source', 'add', join(home, `folder-${round * 6 + i}`)])
      })()
      await new Promise((resolve) => setTimeout(resolve, 300 + round * 400))
      await server.stop('SIGKILL')
      await adding
      await server.start()
      await online()
    }
    await until('all sources are shown', async () => (await browser.api.sources.list.query()).length === 18)
    expect(await complete()).toBeGreaterThan(18)
  }, 180_000)

  it('commands that were given while nobody listened are carried out once', async () => {
    await agent.stop()
    await until('it is seen as gone', async () =>
      (await browser.api.agents.list.query()).every((row) => !row.online),
    )
    const calls = [20, 21, 22].map((i) =>
      browser.api.sources.add
        .mutate({ agentId, path: join(home, `folder-${i}`), requestKey: crypto.randomUUID() })
        .catch((error: unknown) => error),
    )
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    await server.stop('SIGKILL')
    await Promise.all(calls)
    await server.start()
    await agent.start()
    await until('they are done', async () => (await browser.api.sources.list.query()).length === 21, 60_000)
    await complete()
    const added = (await journal()).filter((row) => row.event === 'source-added')
    expect(added.length).toBe(21)
  }, 180_000)

  it('the agent is killed in the middle of its commands: each is carried out once', async () => {
    const calls = [25, 26, 27, 28].map((i) =>
      browser.api.sources.add
        .mutate({ agentId, path: join(home, `folder-${i}`) })
        .catch((error: unknown) => error),
    )
    await new Promise((resolve) => setTimeout(resolve, 60))
    await agent.stop('SIGKILL')
    await agent.start()
    await Promise.all(calls)
    await until('they are done', async () => (await browser.api.sources.list.query()).length === 25, 60_000)
    await complete()
  }, 180_000)

  it('a browser’s feed goes on from the last id that it has seen', async () => {
    const seen: string[] = []
    const { client, api } = browserSocket(server.address, browser.jar.cookie)
    const subscription = api.live.changes.subscribe({}, { onData: ({ data }) => seen.push(...data.topics) })
    await until('it listens', async () => (await api.auth.me.query()) !== null)
    await agent.json(['source', 'add', join(home, 'folder-30')])
    await until('the change is heard', async () => seen.some((topic) => topic.startsWith('source:')))
    await server.stop('SIGKILL')
    seen.length = 0
    // it happens while no server is there, and is reported before the browser is back
    await agent.json(['source', 'add', join(home, 'folder-31')])
    await server.start()
    await until(
      'what was missed is heard',
      async () => seen.some((topic) => topic.startsWith('source:') || topic === '*'),
      60_000,
    )
    subscription.unsubscribe()
    await client.close()
  }, 120_000)
})
