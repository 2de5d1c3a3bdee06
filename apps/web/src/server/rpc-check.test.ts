import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it, vi } from 'vitest'
import { NO_CHAIN, startDashboard } from '../../test/support/dashboard.ts'

/** A node of a chain that may be changed, or be away (null). */
async function startNode(chainId: number | null) {
  const node = { chainId, asked: 0 }
  const server: Server = createServer((request, response) => {
    let body = ''
    request.on('data', (data) => {
      body += data
    })
    request.on('end', () => {
      node.asked++
      if (node.chainId === null) {
        response.statusCode = 503
        return response.end()
      }
      const answer = ({ id, method }: { id: number; method: string }) => ({
        jsonrpc: '2.0',
        id,
        result: method === 'eth_chainId' ? `0x${node.chainId?.toString(16)}` : '0x1',
      })
      const asked = JSON.parse(body)
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(Array.isArray(asked) ? asked.map(answer) : answer(asked)))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => new Promise((resolve) => server.close(resolve)))
  closers.push(async () => server.closeAllConnections())
  const { port } = server.address() as AddressInfo
  return Object.assign(node, { port, url: `http://127.0.0.1:${port}/v3/secret-key` })
}

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
  vi.restoreAllMocks()
})

const start = async (...rpcUrls: string[]) => {
  const server = await startDashboard({ chain: { ...NO_CHAIN, rpcUrls } })
  closers.push(() => server.close())
  return server
}

it('does not start with an RPC of another chain, also when it is not the first; says which, without its key', async () => {
  const right = await startNode(NO_CHAIN.chainId)
  const wrong = await startNode(1)
  for (const urls of [[wrong.url], [right.url, wrong.url]]) {
    const refused = await start(...urls).catch((error: unknown) => error)
    expect(refused).toMatchObject({
      code: 'WRONG_CHAIN',
      exitCode: 78,
      message: `The RPC at 127.0.0.1:${wrong.port} is of chain 1; the dashboard is for chain 31337.`,
    })
    expect((refused as { hint: string }).hint).toContain('DMC_RPC_URLS')
    expect(JSON.stringify(refused)).not.toContain('secret-key')
  }
})

it('starts while its RPC is away; one that comes back as another chain is not believed, and as its own it is', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  const node = await startNode(null)
  const server = await start(node.url)
  const ask = () =>
    fetch(`${server.url}/api/rpc`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: server.origin },
      body: '{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber","params":[]}',
    })
  expect((await ask()).status).toBe(502)
  node.chainId = 1
  expect((await ask()).status).toBe(502)
  await expect(server.services.chain.client.getBlockNumber()).rejects.toThrow(
    /is of chain 1; the dashboard is for/,
  )
  await expect(server.services.chain.facts()).rejects.toMatchObject({ code: 'WRONG_CHAIN' })
  node.chainId = NO_CHAIN.chainId
  const answer = await ask()
  expect([answer.status, await answer.json()]).toEqual([200, { jsonrpc: '2.0', id: 1, result: '0x1' }])
  expect(await server.services.chain.client.getBlockNumber()).toBe(1n)
})

it('goes on with the RPC that is of its chain when the other one has become a stranger', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  const first = await startNode(null)
  const second = await startNode(NO_CHAIN.chainId)
  const server = await start(first.url, second.url)
  first.chainId = 5
  expect(await server.services.chain.client.getBlockNumber()).toBe(1n)
})
