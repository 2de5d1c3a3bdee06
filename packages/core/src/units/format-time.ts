/** Unix seconds (chain time) as `2026-11-23 14:05:09 UTC`: one form everywhere, sortable, without the host's locale. */
export function formatTime(seconds: bigint | number): string {
  const ms = Number(seconds) * 1000
  if (!Number.isFinite(ms) || Math.abs(ms) > 8.64e15) return 'unknown'
  const text = new Date(ms).toISOString()
  return `${text.slice(0, text.indexOf('T'))} ${text.slice(text.indexOf('T') + 1, text.indexOf('.'))} UTC`
}
