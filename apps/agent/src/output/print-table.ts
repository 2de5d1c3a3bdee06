import { cleanText, cutMiddle, displayWidth } from './clean-text.ts'
import type { Io } from './io.ts'

export interface Column<Row> {
  title: string
  /** Plain text; colours by `paint`. */
  text: (row: Row) => string
  align?: 'left' | 'right'
  /** May be cut in the middle when the terminal is narrow; others never are. */
  flexible?: boolean
  paint?: (text: string, row: Row) => string
}

const MIN_FLEXIBLE = 12

/** A table for people on stdout, columns two spaces apart, fitted to the terminal; nothing with --json. */
export function printTable<Row>(io: Io, rows: readonly Row[], columns: readonly Column<Row>[]): void {
  const cells = rows.map((row) => columns.map((column) => cleanText(column.text(row))))
  const widths = columns.map((column, index) =>
    Math.max(displayWidth(column.title), ...cells.map((line) => displayWidth(line[index] ?? ''))),
  )
  shrink(widths, columns, io.columns)
  const line = (texts: readonly string[], paint: (text: string, index: number) => string) =>
    columns
      .map((column, index) => {
        const width = widths[index] ?? 0
        const text = cutMiddle(texts[index] ?? '', width)
        const space = ' '.repeat(Math.max(0, width - displayWidth(text)))
        const last = index === columns.length - 1
        if (column.align === 'right') return space + paint(text, index)
        return paint(text, index) + (last ? '' : space)
      })
      .join('  ')
      .trimEnd()
  io.print(
    line(
      columns.map((column) => column.title),
      (text) => io.colors.bold(text),
    ),
  )
  for (const [at, row] of rows.entries()) {
    io.print(line(cells[at] ?? [], (text, index) => columns[index]?.paint?.(text, row) ?? text))
  }
}

/** Takes from the widest flexible columns until the row fits. */
function shrink(widths: number[], columns: readonly Column<never>[], available: number): void {
  const room = () => available - widths.reduce((sum, width) => sum + width + 2, -2)
  for (let over = -room(); over > 0; over = -room()) {
    let widest = -1
    for (const [index, column] of columns.entries()) {
      if (column.flexible && (widths[index] ?? 0) > (widths[widest] ?? MIN_FLEXIBLE)) widest = index
    }
    if (widest < 0) return
    widths[widest] = Math.max(MIN_FLEXIBLE, (widths[widest] ?? 0) - 1)
  }
}

/** Label and value, one pair a line, values aligned; empty labels go on with the value above. */
export function printPairs(io: Io, pairs: readonly (readonly [string, string])[], indent = ''): void {
  const width = Math.max(0, ...pairs.map(([label]) => displayWidth(label)))
  for (const [label, value] of pairs) {
    const space = ' '.repeat(width - displayWidth(label))
    io.print(`${indent}${io.colors.dim(label)}${space}  ${value}`.trimEnd())
  }
}
