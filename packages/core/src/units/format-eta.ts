import { formatDuration } from './format-duration.ts'

/** Time left at the rate so far: `about 3 min 20 s`; a dash while nothing is known, `done` when nothing is left. */
export function formatEta(done: bigint | number, total: bigint | number, elapsedSeconds: number): string {
  const left = Number(total) - Number(done)
  if (left <= 0) return 'done'
  if (!(elapsedSeconds > 0) || Number(done) <= 0) return '–'
  return `about ${formatDuration(Math.ceil((left * elapsedSeconds) / Number(done)))}`
}
