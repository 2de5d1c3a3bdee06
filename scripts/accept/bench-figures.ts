import type { BenchDocument } from '../../bench/bench.ts'
import { must, NotBuilt, run } from './check.ts'

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
  /** null: no bench measures it. @throws when it can't be had here, with why */
  value(): Promise<number | null>
}

/**
 * Resolves with them all in one line. One that can't be had keeps no other one from being measured.
 * @throws with every figure that is short of what was promised and its value; NotBuilt when all that is missing are figures that nothing
 * measures, by name
 */
export async function mustReach(figures: readonly Promised[]): Promise<string> {
  const said: string[] = []
  const short: string[] = []
  const unmeasured: string[] = []
  for (const { name, atLeast, atMost, value } of figures) {
    const limit = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`
    const found = await value().catch((error: Error) => error.message.split('\n')[0] ?? 'failed')
    const line = `${name} ${found ?? 'is measured by nothing'} (${limit})`
    said.push(line)
    if (found === null) unmeasured.push(line)
    else if (
      typeof found === 'string' ||
      !(found >= (atLeast ?? Number.NEGATIVE_INFINITY) && found <= (atMost ?? Number.POSITIVE_INFINITY))
    )
      short.push(line)
  }
  const notBuilt = unmeasured.join('; ')
  must(
    short.length === 0,
    `${short.length} of ${said.length} figures are short: ${short.join('; ')}${notBuilt && `; not built: ${notBuilt}`}`,
  )
  if (notBuilt !== '') throw new NotBuilt(notBuilt)
  return said.join('; ')
}

/** The peer's time / ours. @throws when the peer is not installed */
export function ratioTo(document: BenchDocument, peer: string): number | null {
  const row = document.peers.find(({ name }) => name === peer)
  if (row?.missing !== undefined) throw new Error(`can't be measured without ${peer}: ${row.missing}`)
  return row?.ratio ?? null
}

/** A figure of the document by the beginning of its name. */
export const figureOf = (document: BenchDocument, name: string): number | null =>
  document.figures.find((figure) => figure.name.startsWith(name))?.value ?? null
