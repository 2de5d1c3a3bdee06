import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Hex } from 'viem'
import type { HasherTier } from '../packages/core/src/merkle/hasher-tier.ts'
import { NODE_FLAGS } from '../packages/testkit/src/node-flags.ts'

/** A miner and a user of the wire in processes of their own, without a chain: what is measured is the way between them. */

const start = (program: string[], script: string, wish: object) => {
  const [first = '', ...rest] = [...program, process.execPath, ...NODE_FLAGS]
  const file = fileURLToPath(new URL(script, import.meta.url))
  return spawn(first, [...rest, file, JSON.stringify(wish)], { stdio: ['pipe', 'pipe', 'inherit'] })
}

export interface MinerWish {
  folder: string
  /** Private key of the miner, address of the user. */
  key: Hex
  user: Hex
  /** MiB of filled orders, and of empty ones that are uploaded to; numbered from 1, the filled ones first. */
  sizes: number[]
  uploads: number[]
  /** Of its hashing threads. */
  tier?: HasherTier | null
}

/** `challenge-miner.ts`; `ready` when it listens. */
export function startMinerProcess(wish: MinerWish) {
  const child = start([], './challenge-miner.ts', wish)
  return {
    pid: child.pid ?? 0,
    ready: firstLine(child.stdout),
    end() {
      child.stdin.end()
      child.kill()
    },
  }
}

export interface UploaderWish {
  port: number
  /** Address of the miner, private key of the user. */
  miner: Hex
  user: Hex
  mib: number
  /** What is sent; without it random bytes. */
  file?: string
  tier?: HasherTier | null
}

/**
 * A user in a process of its own that uploads when it is told. `send` resolves with MiB/s, when the last byte is durable at the miner and
 * sealed. `aside` goes before the command.
 */
export async function startUploader(wish: UploaderWish, aside: string[] = []) {
  const child = start(aside, './challenge-upload.ts', wish)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error('the uploader ended')
    return Number(value)
  }
  await next() // it is ready
  return {
    pid: child.pid ?? 0,
    send(orderId: bigint): Promise<number> {
      child.stdin.write(`${orderId}\n`)
      return next()
    },
    end: () => void child.kill(),
  }
}

async function firstLine(
  stream: NodeJS.ReadableStream,
): Promise<{ port: number; commitments: { root: string; size: number }[] }> {
  for await (const line of createInterface({ input: stream })) return JSON.parse(line)
  throw new Error('the miner ended before it listened')
}
