import type { Writable } from 'node:stream'
import { SLICE } from './bandwidth.ts'

/**
 * Writes `parts` slice by slice, each when `pass` lets it, and ends the stream. Resolves when all is handed over, or at once
 * when the stream is closed.
 * @param patienceMs how long, in all, the other side may leave its buffers full; then the stream is destroyed
 */
export async function sendPaced(
  stream: Writable,
  parts: readonly Uint8Array[],
  pass: (bytes: number) => Promise<void>,
  patienceMs = Number.POSITIVE_INFINITY,
): Promise<void> {
  let left = patienceMs
  for (const part of parts) {
    for (let at = 0; at < part.length; at += SLICE) {
      const slice = part.subarray(at, at + SLICE)
      await pass(slice.length)
      if (stream.destroyed) return
      if (stream.write(slice)) continue
      const since = performance.now()
      if (!(await drained(stream, left))) return void stream.destroy()
      left -= performance.now() - since
    }
  }
  stream.end()
}

/** False when it did not happen in time. */
function drained(stream: Writable, patienceMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer =
      patienceMs === Number.POSITIVE_INFINITY ? null : setTimeout(() => done(false), Math.max(0, patienceMs))
    const done = (drained: boolean) => {
      if (timer) clearTimeout(timer)
      stream.off('drain', onDrain).off('close', onDrain)
      resolve(drained)
    }
    const onDrain = () => done(true)
    stream.on('drain', onDrain).on('close', onDrain)
  })
}
