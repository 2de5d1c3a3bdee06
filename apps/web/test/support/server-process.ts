import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { NODE_FLAGS } from '@dmc/testkit/node-flags'

const FIXTURE = fileURLToPath(new URL('./serve.fixture.ts', import.meta.url))

export interface ServerAddress {
  url: string
  origin: string
  port: number
}

/** The server as a process of its own, on one port and one database across kills. */
export class ServerProcess {
  readonly #env: Record<string, string>
  #child: ChildProcess | null = null
  address: ServerAddress = { url: '', origin: '', port: 0 }

  constructor(env: Record<string, string>) {
    this.#env = env
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  async start(): Promise<void> {
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('DMC_')))
    const child = spawn(process.execPath, [...NODE_FLAGS, FIXTURE], {
      env: { ...env, NODE_ENV: 'production', ...this.#env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    let errors = ''
    child.stderr?.on('data', (data) => {
      errors += data
    })
    this.address = await new Promise((resolve, reject) => {
      let text = ''
      child.stdout?.on('data', (data) => {
        text += data
        if (text.includes('\n')) resolve(JSON.parse(text.split('\n')[0] ?? ''))
      })
      child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${errors.slice(-2000)}`)))
    })
  }

  async stop(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child
    this.#child = null
    if (!child || child.exitCode !== null) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill(signal)
    await gone
  }
}
