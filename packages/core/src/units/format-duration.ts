const STEPS = [
  [604_800, 'w'],
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
  [1, 's'],
] as const

/** Seconds for people, the two largest parts: `0.4 s`, `12 s`, `3 min 20 s`, `2 d 5 h`, `4 w`. */
export function formatDuration(seconds: number | bigint): string {
  const value = Number(seconds)
  if (!Number.isFinite(value)) return 'unknown'
  const sign = value < 0 ? '-' : ''
  const magnitude = Math.abs(value)
  if (magnitude > 0 && magnitude < 10 && !Number.isInteger(magnitude)) {
    const tenths = Math.floor(magnitude * 10) / 10
    return tenths === 0 ? `${sign}< 0.1 s` : `${sign}${tenths} s`
  }
  let rest = Math.floor(magnitude)
  if (rest === 0) return '0 s'
  const first = STEPS.findIndex(([size]) => rest >= size)
  const parts: string[] = []
  for (const [size, unit] of STEPS.slice(first, first + 2)) {
    const count = Math.floor(rest / size)
    rest -= count * size
    if (count > 0) parts.push(`${count} ${unit}`)
  }
  return sign + parts.join(' ')
}
