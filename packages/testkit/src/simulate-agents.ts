// Many simulated agents in a process of their own: `node simulate-agents.ts '{"origin", "seed", "from", "count", "reporting", "everyMs",
// "hostEveryMs"}'`. One line of JSON a second says how they are; a line "quiet" on stdin ends the reports, "stop" ends it all.
import { createInterface } from 'node:readline'
import { SimulatedAgent, simulatedHost } from './simulated-agent.ts'

export interface SimulationOptions {
  origin: string
  seed: string
  /** Hosts `from` .. `from + count - 1` of the seed; the first `reporting` of them report every `everyMs`. */
  from: number
  count: number
  reporting: number
  everyMs: number
  /** How often each says what its host is, as real ones do each minute; 0: never. */
  hostEveryMs: number
}

export interface SimulationState {
  open: number
  /** Connections that were taken, in all. */
  opened: number
  reported: number
  acknowledged: number
  /** From report to acknowledgement, ms, since the line before. */
  delays: number[]
  /** At the end: what the dashboard must have of each that reported. */
  hosts?: { agentId: string; seq: number; ticks: number; entries: number }[]
}

const options = JSON.parse(process.argv[2] ?? '{}') as SimulationOptions
const stop = new AbortController()
const agents = Array.from(
  { length: options.count },
  (_, i) => new SimulatedAgent(simulatedHost(options.seed, options.from + i)),
)
const timers: NodeJS.Timeout[] = []

/** Spread over the interval, as hosts that were started at any time are. */
function every(ms: number, some: SimulatedAgent[], act: (agent: SimulatedAgent) => void): void {
  some.forEach((agent, i) => {
    const first = setTimeout(
      () => {
        act(agent)
        timers.push(setInterval(() => act(agent), ms))
      },
      (ms * i) / some.length,
    )
    timers.push(first)
  })
}

function state(): SimulationState {
  const sum = (of: (agent: SimulatedAgent) => number) => agents.reduce((all, agent) => all + of(agent), 0)
  const delays = agents.flatMap(({ outbox }) => outbox.delays.splice(0)).map((ms) => Math.round(ms * 10) / 10)
  return {
    open: sum(({ open }) => (open ? 1 : 0)),
    opened: sum(({ opened }) => opened),
    reported: sum(({ outbox }) => Number(outbox.seq)),
    acknowledged: sum(({ outbox }) => Number(outbox.acked)),
    delays,
  }
}

const say = (line: SimulationState) => process.stdout.write(`${JSON.stringify(line)}\n`)
const quiet = () => {
  for (const timer of timers.splice(0)) clearInterval(timer)
}

for (const [i, agent] of agents.entries()) {
  // not all in the same millisecond, as after a start of many machines
  setTimeout(() => agent.start(options.origin, stop.signal), i * 4)
}
if (options.everyMs > 0) every(options.everyMs, agents.slice(0, options.reporting), (agent) => agent.tick())
if (options.hostEveryMs > 0) every(options.hostEveryMs, agents, (agent) => agent.sayHost())
const telling = setInterval(() => say(state()), 1_000)

createInterface({ input: process.stdin }).on('line', async (line) => {
  if (line === 'quiet') quiet()
  if (line !== 'stop') return
  quiet()
  clearInterval(telling)
  stop.abort()
  await Promise.allSettled(agents.map((agent) => agent.ended))
  const last: SimulationState = {
    ...state(),
    hosts: agents.map(({ host, outbox, ticks, entries }) => ({
      agentId: host.agentId,
      seq: Number(outbox.seq),
      ticks,
      entries,
    })),
  }
  // a pipe takes no more than it has room for: the process may go when all of it is through
  process.stdout.write(`${JSON.stringify(last)}\n`, () => process.exit(0))
})
