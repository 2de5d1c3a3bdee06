import { formatSize } from './format-size.ts'

/** Bytes over seconds for people: `12.3 MiB/s`; a dash while nothing is known. */
export function formatRate(bytes: bigint | number, seconds: number): string {
  if (!(seconds > 0)) return '–'
  return `${formatSize(Math.floor(Number(bytes) / seconds))}/s`
}
