import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { agentSignInTypedData } from '@dmc/core/dashboard/agent-typed-data'
import type { Hex } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CliHome, cliHome, DEVNET } from '../../../agent/src/commands/test/run-cli.ts'
import { verifyAgent } from '../../src/server/agents/verify-agent.ts'
import type { WebServer } from '../../src/server/start-server.ts'
import { httpClient, refusal, type SignedIn, signIn, startDashboard } from '../support/dashboard.ts'

/** A host that can't be paired, or has been: each refusal by its own code, with a next step, and nothing changed. */
let server: WebServer
let owner: SignedIn
let host: CliHome

beforeAll(async () => {
  server = await startDashboard()
  owner = await signIn(server)
  host = cliHome()
  await host.initialise()
})
afterAll(async () => {
  host.remove()
  await server.close()
})

const token = async (by = owner) => (await by.api.pairing.createToken.mutate({ label: 'a host' })).token

async function mustRefuse(args: string[], code: string, env: Record<string, string> = DEVNET): Promise<void> {
  const { stdout, exitCode } = await host.run(['pair', ...args, '--json'], {
    env: { DMC_PASSWORD_FILE: host.passwordFile, ...env },
  })
  const said = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as {
    code: string
    message: string
    hint: string
  }
  expect(said.code, stdout).toBe(code)
  expect(said.message.length).toBeGreaterThan(10)
  expect(said.hint.length).toBeGreaterThan(5)
  expect(exitCode).not.toBe(0)
}

describe('pairing is refused', () => {
  it('to what is no address of a dashboard', () =>
    mustRefuse(['--server', 'ftp://somewhere'], 'DASHBOARD_URL_REFUSED'))

  it('when nobody answers there', async () =>
    mustRefuse(['--server', 'http://127.0.0.1:9', '--token', await token()], 'DASHBOARD_UNREACHABLE'))

  it('when what answers is no dashboard', async () => {
    const other: Server = createServer((_request, response) => {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ result: { data: { json: { something: 'else' } } } }))
    })
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo
    try {
      await mustRefuse(
        ['--server', `http://127.0.0.1:${port}`, '--token', await token()],
        'DASHBOARD_REFUSED',
      )
    } finally {
      other.close()
    }
  })

  it('by a dashboard of another Market than this host’s', async () =>
    mustRefuse(['--server', server.url, '--token', await token()], 'PAIRING_OTHER_CHAIN', {
      ...DEVNET,
      DMC_MARKET: '0x00000000000000000000000000000000000000aA',
    }))

  it('when a dashboard would choose chain, Market and RPC of a fresh host and nobody looks; the token stays good', async () => {
    const unspent = await token()
    const args = ['--server', server.url]
    await mustRefuse([...args, '--token', unspent], 'CONFIG_INVALID', {})
    await mustRefuse([...args, '--owner', owner.account.address], 'CONFIG_INVALID', {})
    await mustRefuse([...args, '--yes'], 'CONFIG_INVALID', {})
    const { DMC_RPC_URLS: _, ...noRpc } = DEVNET
    await mustRefuse([...args, '--token', unspent], 'CONFIG_INVALID', noRpc)
    const file = join(host.dataDir, 'config.json')
    expect(existsSync(file) ? readFileSync(file, 'utf8') : '').not.toMatch(/chain\.|dashboard\./)
    await mustRefuse([...args, '--token', unspent], 'PAIRING_OTHER_CHAIN', {
      ...DEVNET,
      DMC_CHAIN_ID: '1337',
    })
  })

  it('when the dashboard names no RPC and the host has none', async () => {
    const other: Server = createServer((request, response) => {
      const start = {
        deviceCode: 'x',
        userCode: 'ABCDEFGH',
        expiresInSeconds: 60,
        pollSeconds: 1,
        chain: { chainId: 31337, market: DEVNET.DMC_MARKET, rpcUrls: [], confirmations: 2 },
      }
      const json = request.url?.includes('nonce') ? { nonce: `0x${'ab'.repeat(32)}` } : start
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ result: { data: { json } } }))
    })
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo
    try {
      await mustRefuse(['--server', `http://127.0.0.1:${port}`], 'CONFIG_INVALID', {})
    } finally {
      other.close()
    }
  })

  it('to a wallet that is not the one of this host', async () => {
    expect(
      (await host.run(['wallet', 'create', '--yes'], { env: { DMC_PASSWORD_FILE: host.passwordFile } }))
        .exitCode,
    ).toBe(0)
    await mustRefuse(['--server', server.url, '--token', await token()], 'PAIRING_OTHER_OWNER')
  })
})

describe('a host signs in', () => {
  const identity = privateKeyToAccount(generatePrivateKey())

  const hello = async (agentId: string) => {
    const { nonce } = await httpClient(server).api.link.nonce.mutate()
    const expiresAt = BigInt(Math.floor(Date.now() / 1000) + 60)
    const data = agentSignInTypedData({ origin: server.origin, nonce: nonce as Hex, agentId, expiresAt })
    return {
      kind: 'agent' as const,
      agentId,
      nonce: nonce as Hex,
      expiresAt: String(expiresAt),
      signature: await identity.signTypedData(data),
    }
  }
  const verify = async (of: Awaited<ReturnType<typeof hello>>) =>
    verifyAgent(server.services.db, { hello: of, origins: [server.origin], now: new Date() }).then(
      () => 'taken',
      (error: { code?: string }) => error.code,
    )

  it('only when it is paired', async () => {
    const { randomUUID } = await import('node:crypto')
    expect(await verify(await hello(randomUUID()))).toBe('PAIRING_REVOKED')
  })

  it('only with a nonce of this dashboard, once', async () => {
    const { randomUUID } = await import('node:crypto')
    const said = await hello(randomUUID())
    expect(await verify({ ...said, nonce: `0x${randomBytes(32).toString('hex')}` })).toBe(
      'AGENT_SIGN_IN_REFUSED',
    )
    await verify(said)
    expect(await verify(said)).toBe('AGENT_SIGN_IN_REFUSED')
  })
})

it('what needs a host that is away says so', async () => {
  const fresh = cliHome()
  try {
    await fresh.initialise()
    const { stdout } = await fresh.run(['pair', '--server', server.url, '--token', await token(), '--json'], {
      env: { ...DEVNET, DMC_PASSWORD_FILE: fresh.passwordFile },
    })
    const paired = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { agentId: string }
    expect(paired.agentId, stdout).toMatch(/^[0-9a-f-]{36}$/)
    const asked = owner.api.agents.mounts.query({ agentId: paired.agentId })
    expect(await refusal(asked)).toBe('AGENT_OFFLINE')
  } finally {
    fresh.remove()
  }
})
