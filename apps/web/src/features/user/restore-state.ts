import type { Tone } from '../../ui/tone.ts'

const STATES: Record<string, [Tone, string]> = {
  waiting: ['plain', 'Waiting'],
  running: ['busy', 'Restoring'],
  paused: ['warn', 'Paused'],
  done: ['ok', 'Restored'],
  failed: ['bad', 'Failed'],
  cancelled: ['off', 'Cancelled'],
}

/** In sentences: what a restore that has ended could not bring back, or not as it was. */
export function shortOf({ state, result }: { state: string; result: unknown }): string[] {
  if (state !== 'done') return []
  const { failed, unset } = (result ?? {}) as Record<string, unknown>
  const entries = (many: number) => (many === 1 ? '1 entry' : `${many} entries`)
  const short: string[] = []
  if (typeof failed === 'number' && failed > 0) short.push(`${entries(failed)} could not be restored.`)
  if (typeof unset === 'number' && unset > 0)
    short.push(`${entries(unset)} came back with all content, but without owner, mode or time.`)
  return short
}

/** How a job's badge looks, and what it says. */
export function stateOf(state: string, short: readonly string[]): [Tone, string] {
  if (short.length > 0) return ['warn', 'Restored in part']
  return STATES[state] ?? ['plain', state]
}
