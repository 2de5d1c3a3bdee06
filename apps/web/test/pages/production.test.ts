import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { NODE_FLAGS } from '@dmc/testkit/node-flags'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NO_CHAIN } from '../support/dashboard.ts'

const WEB = fileURLToPath(new URL('../..', import.meta.url))
const built = existsSync(join(WEB, '.next/BUILD_ID'))
if (!built)
  console.warn(
    'the pages are not built (npm run build -w @dmc/web): what Next does with hostile requests is not tested',
  )

let child: ChildProcess
let at = { url: '', origin: '', port: 0 }
const folder = mkdtempSync(join(tmpdir(), 'dmc-pages-'))

beforeAll(async () => {
  if (!built) {
    if (process.env.CI === 'true') throw new Error('build the pages first: npm run build -w @dmc/web')
    return
  }
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('DMC_')))
  child = spawn(process.execPath, [...NODE_FLAGS, 'src/server/main.ts'], {
    cwd: WEB,
    env: {
      ...env,
      NODE_ENV: 'production',
      PORT: '0',
      DMC_WEB_DATA: join(folder, 'database'),
      DMC_RPC_URLS: NO_CHAIN.rpcUrls[0],
      DMC_CHAIN_ID: String(NO_CHAIN.chainId),
      DMC_MARKET: NO_CHAIN.market,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  at = await new Promise((resolve, reject) => {
    let errors = ''
    child.stderr?.on('data', (data) => {
      errors += data
    })
    child.stdout?.on('data', (data) => {
      const line = String(data)
        .split('\n')
        .find((text) => text.includes('"ready"'))
      if (line) resolve(JSON.parse(line))
    })
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${errors.slice(-2000)}`)))
  })
}, 60_000)

afterAll(async () => {
  if (child && child.exitCode === null) {
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    await gone
    expect(child.exitCode).toBe(0)
  }
  rmSync(folder, { recursive: true, force: true })
}, 30_000)

const page = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${at.url}${path}`, { headers, redirect: 'manual' })

describe.skipIf(!built)('the pages as they are served', () => {
  it('carry the nonce of their policy on every script, and name no other host', async () => {
    const answer = await page('/')
    const html = await answer.text()
    expect(answer.status).toBe(200)
    const nonce = /'nonce-([^']+)'/.exec(answer.headers.get('content-security-policy') ?? '')?.[1]
    const scripts = [...html.matchAll(/<script\b[^>]*>/g)].map(([tag]) => tag)
    expect(scripts.length).toBeGreaterThan(0)
    for (const tag of scripts) expect(tag).toContain(`nonce="${nonce}"`)
    const loaded = [...html.matchAll(/\b(?:src|href)="(https?:\/\/[^"]+)"/g)].map(([, url]) => url ?? '')
    expect(loaded.filter((url) => !url.startsWith(at.origin))).toEqual([])
  })

  it('upgrades never reach Next', async () => {
    for (const path of [
      '/',
      '/_next/webpack-hmr',
      '/_next/image?url=http://169.254.169.254/',
      'http://169.254.169.254/',
    ]) {
      expect(await upgrade(path), path).toMatch(/^HTTP\/1\.1 400 /)
    }
  })

  it('the image endpoint fetches nothing', async () => {
    const answer = await page('/_next/image?url=http%3A%2F%2F127.0.0.1%3A9%2Fx&w=640&q=75')
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
  })

  it('headers by which Next’s parts talk to each other do nothing from outside', async () => {
    const plain = await (await page('/nothing-here')).text()
    for (const headers of [
      { 'x-middleware-subrequest': 'middleware:middleware:middleware:middleware:middleware' },
      { 'x-middleware-rewrite': '/', 'x-middleware-next': '1' },
      { 'x-invoke-path': '/', 'x-invoke-status': '200' },
      { 'x-matched-path': '/', 'x-now-route-matches': '1' },
      { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' },
    ]) {
      const answer = await page('/nothing-here', headers as unknown as Record<string, string>)
      const text = await answer.text()
      expect(answer.status).toBe(404)
      expect(text).not.toContain('evil.example')
      expect(Math.abs(text.length - plain.length)).toBeLessThan(200)
    }
  })

  it('a caller’s own policy and nonce are not taken', async () => {
    const answer = await page('/', {
      'content-security-policy': "script-src 'nonce-EVILEVIL'",
      'x-nonce': 'EVILEVIL',
    })
    expect(await answer.text()).not.toContain('EVILEVIL')
  })

  it('no private page is rendered for nobody, nor prefetched', async () => {
    for (const path of ['/u', '/m', '/agents', '/u?_rsc=1']) {
      const answer = await page(path, path.includes('_rsc') ? { rsc: '1', 'next-router-prefetch': '1' } : {})
      expect(answer.status, path).toBeLessThan(500)
      expect(await answer.text()).not.toMatch(/dmc1_|"sessionHash"|DATABASE/)
    }
  })

  it('whoever read its log has gone: it goes on without one, and does not spin', async () => {
    child.stdout?.destroy()
    child.stderr?.destroy()
    // Next writes to the log what it can't read
    const headers = { rsc: '1', 'next-router-state-tree': '%7Bbad' }
    const odd = await fetch(`${at.url}/`, { headers })
    expect(odd.status).toBe(500)
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    const before = cpuSeconds()
    await new Promise((resolve) => setTimeout(resolve, 4_000))
    expect(cpuSeconds() - before).toBeLessThan(1.5)
    expect((await page('/')).status).toBe(200)
  }, 30_000)
})

/** CPU seconds that the server has used so far. Linux. */
function cpuSeconds(): number {
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

function upgrade(target: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(at.port, '127.0.0.1', () =>
      socket.write(
        `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: ${at.origin}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
      ),
    )
    let answer = ''
    socket.on('data', (data) => {
      answer += data
    })
    socket.on('close', () => resolve(answer))
    socket.on('error', reject)
    setTimeout(() => socket.destroy(), 3_000)
  })
}
