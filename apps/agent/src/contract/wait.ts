import { DmcError } from '@dmc/core/errors/dmc-error'

/** Resolves after `ms`, or rejects with INTERRUPTED as soon as the signal aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(interrupted())
    const stop = () => {
      clearTimeout(timer)
      reject(interrupted())
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal.addEventListener('abort', stop, { once: true })
  })
}

export function interrupted(): DmcError {
  return new DmcError('INTERRUPTED', 'Stopped before it was done; nothing is lost.', {
    hint: 'Start the agent again (dmc-agent run): it goes on where it stopped.',
  })
}

/**
 * Repeats `work` after retryable failures with a back-off of 1 s to 30 s; everything else is thrown at once.
 * `onRetry` is told, so that waiting is never silent.
 */
export async function withRetry<T>(
  work: () => Promise<T>,
  options: { signal: AbortSignal; onRetry: (error: DmcError, waitMs: number) => void; firstMs?: number },
): Promise<T> {
  let wait = options.firstMs ?? 1000
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (options.signal.aborted) throw interrupted()
      if (!DmcError.is(error) || !error.retryable) throw error
      options.onRetry(error, wait)
      await pause(wait, options.signal)
      wait = Math.min(wait * 2, 30_000)
    }
  }
}
