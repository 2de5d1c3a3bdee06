import type { MarketEvent } from '../chain/decode-log.ts'
import type { ChainClaim } from './bundle.ts'

/** An event as a bundle writes it; equal events give equal text (`sameClaim`). */
export function toClaim(event: MarketEvent, time: number): ChainClaim {
  const args: ChainClaim['args'] = {}
  for (const [name, value] of Object.entries(event.args)) {
    args[name] = typeof value === 'boolean' ? value : String(value)
  }
  return {
    event: event.name,
    args,
    at: {
      block: Number(event.blockNumber),
      blockHash: event.blockHash,
      time,
      transaction: event.transactionHash,
      logIndex: event.logIndex,
    },
  }
}

/** The first thing in which two claims differ; null when they say the same. */
export function differenceOf(said: ChainClaim, found: ChainClaim): string | null {
  if (said.event !== found.event) return `the chain has ${found.event} there, not ${said.event}`
  for (const name of new Set([...Object.keys(found.args), ...Object.keys(said.args)])) {
    const [a, b] = [said.args[name], found.args[name]]
    if (a !== b) return `${name} is ${shown(b)} on chain, not ${shown(a)}`
  }
  for (const name of ['block', 'blockHash', 'time', 'transaction', 'logIndex'] as const) {
    if (said.at[name] !== found.at[name]) {
      return `its ${name} is ${found.at[name]} on chain, not ${said.at[name]}`
    }
  }
  return null
}

const shown = (value: string | boolean | undefined) =>
  value === undefined ? 'nothing' : String(value).slice(0, 80)
