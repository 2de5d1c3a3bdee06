import { DmcError } from '@dmc/core/errors/dmc-error'

/** Pauses of 1, 2, 4 … 30 s between failed looks at the chain; `reset` after one that worked. */
export function backOff({ firstMs = 1_000, mostMs = 30_000 } = {}) {
  let next = firstMs
  return {
    reset() {
      next = firstMs
    },
    next(): number {
      const now = next
      next = Math.min(next * 2, mostMs)
      return now
    },
  }
}

/** Resolves after `ms`, or at once when the signal aborts; the caller looks at the signal. */
export function rest(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done, { once: true })
  })
}

export function interrupted(): DmcError {
  return new DmcError('INTERRUPTED', 'Stopped before the chain confirmed; nothing is lost.', {
    hint: 'Start the agent again: what was recorded is sent again and followed to its end.',
  })
}
