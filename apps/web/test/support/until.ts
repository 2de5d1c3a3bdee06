/** Asks until the answer is there; failing it says what was seen last. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | null | undefined | false>,
  timeoutMs = 30_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs
  for (let last: unknown = null; ; ) {
    try {
      const answer = await ask()
      if (answer !== null && answer !== undefined && answer !== false) return answer
      last = answer
    } catch (error) {
      last = error
    }
    if (Date.now() > deadline)
      throw new Error(`waited ${timeoutMs / 1000} s for: ${what}; last: ${String(last)}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
