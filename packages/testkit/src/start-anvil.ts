import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { anvilBinary } from './anvil-binary.ts'
import { rpc } from './rpc.ts'

export interface AnvilOptions {
  /** Holds state and pid file when `persist`. */
  dir?: string
  /** 0 or absent: any free port. */
  port?: number
  /** Seconds between blocks; 'manual': blocks only by `mine()`; 'auto': a block per transaction. */
  blockTime?: number | 'manual' | 'auto'
  chainId?: number
  /** Keeps the chain in `dir` across stops and kills (a kill of anvil itself loses at most 5 s). */
  persist?: boolean
  /**
   * Lets anvil outlive this process, and takes over one that still runs from `dir`: a devnet that was not stopped goes on
   * without losing a block.
   */
  adopt?: boolean
}

export interface Anvil {
  readonly url: string
  readonly port: number
  readonly chainId: number
  readonly pid: number
  mine(blocks?: number): Promise<void>
  /** Seconds to jump forward; takes effect with the block that is mined for it. */
  increaseTime(seconds: number | bigint): Promise<void>
  /** The next block gets this time (unix seconds); it is mined at once. */
  setTime(timestamp: number | bigint): Promise<void>
  /**
   * Replaces the last `depth` blocks. Their transactions are dropped for good unless listed: [raw transaction, block from 0].
   */
  reorg(depth: number, transactions?: [raw: string, block: number][]): Promise<void>
  blockNumber(): Promise<number>
  /** Lets it write its state, then waits until it has gone. */
  stop(): Promise<void>
  /** SIGKILL; for tests of what survives. */
  kill(): Promise<void>
}

/** Starts anvil on 127.0.0.1 and resolves when it answers. */
export async function startAnvil(options: AnvilOptions = {}): Promise<Anvil> {
  const { dir, port = 0, blockTime = 1, chainId = 31337, persist = false, adopt = false } = options
  const pidFile = dir === undefined ? null : join(dir, 'anvil.json')
  if (adopt && pidFile !== null) {
    const running = await findRunning(pidFile, chainId)
    if (running !== null) return handle(running.url, running.pid, chainId, pidFile, null)
  }
  const args = ['--host', '127.0.0.1', '--chain-id', String(chainId), '--hardfork', 'prague']
  if (blockTime === 'manual') args.push('--no-mining')
  else if (blockTime !== 'auto') args.push('--block-time', String(blockTime))
  if (persist) {
    if (dir === undefined) throw new Error('persist needs a folder')
    mkdirSync(dir, { recursive: true })
    args.push(
      '--state',
      join(dir, 'anvil-state.json'),
      '--state-interval',
      '5',
      // The file holds the newest state only: with all of them it grows by a quarter of a megabyte a block.
      '--prune-history',
      '1000',
    )
  }
  if (adopt) {
    // Nobody will read its pipes after this process has gone, and anvil dies of a broken one: it gets none.
    const own = port === 0 ? await freePort() : port
    const child = spawn(anvilBinary(), [...args, '--silent', '--port', String(own)], {
      stdio: 'ignore',
      detached: true,
    })
    const url = `http://127.0.0.1:${own}`
    await waitAnswering(child, url)
    child.unref()
    if (pidFile !== null) writeFileSync(pidFile, JSON.stringify({ pid: child.pid, url }))
    return handle(url, child.pid as number, chainId, pidFile, child)
  }
  const child = spawn(anvilBinary(), [...args, '--port', String(port)], { stdio: ['ignore', 'pipe', 'pipe'] })
  return handle(await waitListening(child), child.pid as number, chainId, null, child)
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

async function waitAnswering(child: ChildProcess, url: string): Promise<void> {
  let failure: Error | null = null
  child.once('error', (error) => {
    failure = error
  })
  child.once('exit', (code) => {
    failure = new Error(`anvil exited with ${code}`)
  })
  const deadline = Date.now() + 20_000
  for (;;) {
    if (failure !== null) throw failure
    try {
      await rpc(url, 'eth_chainId')
      return
    } catch (error) {
      if (Date.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

function waitListening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    const onData = (data: Buffer) => {
      output += data
      const match = /Listening on (127\.0\.0\.1:\d+)/.exec(output)
      if (match === null) return
      // It writes a line per call; nobody reads them, so the pipes must be drained.
      child.stdout?.off('data', onData).resume()
      child.stderr?.off('data', onData).resume()
      resolve(`http://${match[1]}`)
    }
    child.stdout?.on('data', onData)
    child.stderr?.on('data', onData)
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`anvil exited with ${code}: ${output.slice(-500)}`)))
  })
}

async function findRunning(pidFile: string, chainId: number): Promise<{ pid: number; url: string } | null> {
  try {
    const { pid, url } = JSON.parse(readFileSync(pidFile, 'utf8')) as { pid: number; url: string }
    process.kill(pid, 0)
    return Number(await rpc<string>(url, 'eth_chainId')) === chainId ? { pid, url } : null
  } catch {
    return null
  }
}

function handle(
  url: string,
  pid: number,
  chainId: number,
  pidFile: string | null,
  child: ChildProcess | null,
): Anvil {
  const end = async (signal: NodeJS.Signals) => {
    const gone =
      child === null || child.exitCode !== null || child.signalCode !== null
        ? null
        : new Promise<void>((resolve) => child.once('exit', () => resolve()))
    if (isAlive(pid)) process.kill(pid, signal)
    if (gone !== null) await gone
    else while (child === null && isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 50))
    if (pidFile !== null) rmSync(pidFile, { force: true })
  }
  return {
    url,
    port: Number(new URL(url).port),
    chainId,
    pid,
    mine: async (blocks = 1) => void (await rpc(url, 'anvil_mine', [`0x${blocks.toString(16)}`])),
    async increaseTime(seconds) {
      await rpc(url, 'evm_increaseTime', [Number(seconds)])
      await rpc(url, 'anvil_mine', ['0x1'])
    },
    async setTime(timestamp) {
      await rpc(url, 'evm_setNextBlockTimestamp', [Number(timestamp)])
      await rpc(url, 'anvil_mine', ['0x1'])
    },
    reorg: async (depth, transactions = []) => void (await rpc(url, 'anvil_reorg', [depth, transactions])),
    blockNumber: async () => Number(await rpc<string>(url, 'eth_blockNumber')),
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
