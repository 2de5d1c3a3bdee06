import { createHash } from 'node:crypto'
import type { Report, ReportBatch } from '@dmc/core/dashboard/reports'
import type { Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { holdLink } from '../../../apps/agent/src/dashboard/hold-link.ts'

/** A host as the dashboard knows it: paired, with an identity key. */
export interface SimulatedHost {
  agentId: string
  identity: Hex
  identityKey: Hex
}

/** The nth host of a seed; the same every time. */
export function simulatedHost(seed: string, n: number): SimulatedHost {
  const digest = (what: string) => createHash('sha256').update(`${seed} ${n} ${what}`).digest('hex')
  const identityKey = `0x${digest('identity')}` as const
  const id = digest('id')
  return {
    agentId: `${id.slice(0, 8)}-${id.slice(8, 12)}-4${id.slice(13, 16)}-8${id.slice(17, 20)}-${id.slice(20, 32)}`,
    identityKey,
    identity: privateKeyToAccount(identityKey).address,
  }
}

/** What waits to be told, in memory: the outbox of a host without its disk. */
class MemoryOutbox {
  readonly epoch: string
  /** Milliseconds from each report to its acknowledgement since they were read last. */
  delays: number[] = []
  seq = 0n
  acked = 0n
  #waiting: { seq: bigint; report: Report; at: number }[] = []
  readonly #listeners = new Set<() => void>()

  constructor(agentId: string) {
    this.epoch = createHash('sha256').update(agentId).digest('hex').slice(0, 32)
  }

  put(reports: Report[]): void {
    const at = performance.now()
    for (const report of reports) this.#waiting.push({ seq: ++this.seq, report, at })
    for (const tell of this.#listeners) tell()
  }

  batch(): ReportBatch | null {
    const reports = this.#waiting.slice(0, 40).map(({ seq, report }) => ({ seq, report }))
    return reports.length === 0 ? null : { epoch: this.epoch, reports }
  }

  /** There is no disk. */
  async settled(): Promise<void> {}

  done(lastSeq: bigint): void {
    const now = performance.now()
    while (this.#waiting[0] && this.#waiting[0].seq <= lastSeq) {
      const told = this.#waiting.shift()
      if (told) this.delays.push(now - told.at)
    }
    this.acked = lastSeq
  }

  onNew(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

/**
 * An agent without a host: the real client signs in, reports and dials again; what it reports is made up. `tick` is one report as a
 * running backup makes it, every sixth with a line for the journal.
 */
export class SimulatedAgent {
  readonly host: SimulatedHost
  readonly outbox: MemoryOutbox
  readonly startedMs = Date.now()
  open = false
  /** How often the connection was taken, by the dashboard's own word. */
  opened = 0
  ticks = 0
  entries = 0
  #holding: Promise<void> = Promise.resolve()

  constructor(host: SimulatedHost) {
    this.host = host
    this.outbox = new MemoryOutbox(host.agentId)
  }

  start(origin: string, signal: AbortSignal): void {
    this.#holding = holdLink({
      origin,
      agentId: this.host.agentId,
      identity: privateKeyToAccount(this.host.identityKey),
      outbox: this.outbox,
      take: () => true,
      answer: async () => {
        throw new Error('a simulated host has nothing to look at')
      },
      note: () => {},
      onOpen: () => {
        this.open = true
        this.opened++
      },
      onEnd: () => {
        this.open = false
      },
      signal,
    })
  }

  get ended(): Promise<void> {
    return this.#holding
  }

  tick(): void {
    const n = ++this.ticks
    const reports: Report[] = [
      {
        kind: 'job',
        jobId: 'backup-1',
        job: 'backup',
        subject: 'photos',
        state: 'running',
        stage: 'encode',
        sourceId: 'source-1',
        commandId: null,
        done: BigInt(n),
        total: 2n ** 40n,
        rate: 1e8,
        note: null,
        result: null,
        error: null,
        startedMs: this.startedMs,
        updatedMs: Date.now(),
        finishedMs: null,
      },
    ]
    if (n % 6 === 0) {
      const entry = ++this.entries
      reports.push({
        kind: 'journal',
        entry,
        timeMs: Date.now(),
        level: 'info',
        event: 'backup-progress',
        subject: 'source:source-1',
        message: `Entry ${entry} of a simulated host.`,
        data: { entry },
      })
    }
    this.outbox.put(reports)
  }

  /** What a host says of itself once a minute, whatever else happens. */
  sayHost(): void {
    this.outbox.put([
      {
        kind: 'host',
        hostName: `simulated-${this.host.agentId.slice(0, 8)}`,
        os: 'Linux 6.1',
        arch: 'x64',
        version: '0.1.0',
        roles: ['user'],
        roots: { read: ['/home/simulated'], restore: [], sector: [] },
        endpoint: null,
        listening: false,
        owner: this.host.identity,
        chain: { chainId: 31337, market: this.host.identity, block: BigInt(this.ticks), error: null },
        operator: { address: this.host.identity, scopes: [], expiresAt: 0n, gasWei: 0n },
        attention: [],
        startedMs: this.startedMs,
        nowMs: Date.now(),
      },
    ])
  }
}
