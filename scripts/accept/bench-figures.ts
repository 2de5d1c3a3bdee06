import type { BenchDocument } from '../../bench/bench.ts'
import { must, run } from './check.ts'

const kept = new Map<string, Promise<BenchDocument>>()

/** `npm run bench -- …` with `--json`; the same arguments are run once. */
export function bench(...args: string[]): Promise<BenchDocument> {
  const key = args.join(' ')
  const known = kept.get(key)
  if (known) return known
  const work = (async () => {
    const { output } = await run(['node', 'bench/bench.ts', ...args, '--json'])
    // rounds are told beside it; the document is the last thing printed that begins a line with a brace
    const text = output.slice(output.search(/^\{$/m), output.lastIndexOf('\n}') + 2)
    try {
      return JSON.parse(text) as BenchDocument
    } catch {
      throw new Error(`bench ${key} gave no document: ${output.trim().split('\n').at(-1)}`)
    }
  })()
  kept.set(key, work)
  return work
}

/** A promised figure: reached, short of it, or not to be had here. */
export interface Promised {
  name: string
  atLeast?: number
  atMost?: number
  /** null: no bench measures it, or what it is measured against is not installed. */
  value(): Promise<number | null>
}

/** @throws with every figure that is short of what was promised, and its value; resolves with them all in one line */
export async function mustReach(figures: readonly Promised[]): Promise<string> {
  const said: string[] = []
  const short: string[] = []
  for (const { name, atLeast, atMost, value } of figures) {
    const found = await value()
    const limit = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`
    const ok =
      found !== null &&
      found >= (atLeast ?? Number.NEGATIVE_INFINITY) &&
      found <= (atMost ?? Number.POSITIVE_INFINITY)
    const line = `${name} ${found === null ? 'is not measured' : found} (${limit})`
    said.push(line)
    if (!ok) short.push(line)
  }
  must(short.length === 0, `${short.length} of ${said.length} figures are short: ${short.join('; ')}`)
  return said.join('; ')
}

/** The peer's time / ours. */
export const ratioTo = (document: BenchDocument, peer: string): number | null =>
  document.peers.find(({ name }) => name === peer)?.ratio ?? null

/** A figure of the document by the beginning of its name. */
export const figureOf = (document: BenchDocument, name: string): number | null =>
  document.figures.find((figure) => figure.name.startsWith(name))?.value ?? null
