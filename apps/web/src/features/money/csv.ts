/**
 * A table as CSV (RFC 4180). Text that a spreadsheet would take for a formula gets a quote before it: names come from strangers.
 */
export function csvOf(
  head: readonly string[],
  rows: readonly (readonly (string | number | bigint)[])[],
): string {
  const line = (cells: readonly (string | number | bigint)[]) => cells.map(cellOf).join(',')
  return `${[line(head), ...rows.map(line)].join('\r\n')}\r\n`
}

function cellOf(value: string | number | bigint): string {
  if (typeof value !== 'string') return String(value)
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
