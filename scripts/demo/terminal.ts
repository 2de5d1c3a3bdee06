import { formatDuration } from '@dmc/core/units/format-duration'
import { formatRate } from '@dmc/core/units/format-rate'
import { formatSize } from '@dmc/core/units/format-size'

const TTY = process.stdout.isTTY === true
const colour = (code: number) => (text: string) => (TTY ? `\u001b[${code}m${text}\u001b[0m` : text)
export const bold = colour(1)
export const dim = colour(2)
export const green = colour(32)
export const red = colour(31)

let live = false
let lastLine = 0

function clear(): void {
  if (live) process.stdout.write('\r\u001b[K')
  live = false
}

/** One finished line. */
export function say(text = ''): void {
  clear()
  process.stdout.write(`${text}\n`)
}

/** What happens right now: one line redrawn on a terminal, a line every 5 s elsewhere. */
export function showLive(text: string): void {
  if (TTY) {
    process.stdout.write(`\r\u001b[K  ${text.slice(0, (process.stdout.columns ?? 80) - 3)}`)
    live = true
  } else if (Date.now() - lastLine > 5000) {
    lastLine = Date.now()
    process.stdout.write(`  ${text}\n`)
  }
}

/** Runs one step under a headline; the line says how long it took. A moving clock shows that it lives. */
export async function step<T>(title: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now()
  const seconds = () => (performance.now() - started) / 1000
  let moved = false
  const clock = setInterval(() => {
    if (!moved) showLive(`${title} ... ${formatDuration(Math.round(seconds()))}`)
    moved = false
  }, 1000)
  onProgress = () => {
    moved = true
  }
  try {
    const result = await work()
    say(`${green('✓')} ${title} ${dim(`${seconds().toFixed(1)} s`)}`)
    return result
  } catch (error) {
    say(`${red('✗')} ${title} ${dim(`${seconds().toFixed(1)} s`)}`)
    throw error
  } finally {
    clearInterval(clock)
  }
}

let onProgress = () => {}

/** Shows the progress events that `dmc-agent … --json` writes, one a line. */
export function showEvents(): (line: string) => void {
  let since = performance.now()
  let stage = ''
  return (line) => {
    let event: Record<string, unknown>
    try {
      event = JSON.parse(line) as Record<string, unknown>
    } catch {
      return
    }
    if (event.type === 'stage') say(`  ${dim(String(event.text))}`)
    if (event.type !== 'progress') return
    if (event.stage !== stage) {
      stage = String(event.stage)
      since = performance.now()
    }
    const done = Number(event.done ?? 0)
    const total = Number(event.total ?? 0)
    const rate = formatRate(done, Math.max(0.05, (performance.now() - since) / 1000))
    const part = total > 0 ? ` ${Math.min(100, Math.floor((done / total) * 100))} %` : ''
    onProgress()
    showLive(`${stage}${part}  ${formatSize(done)}${total > 0 ? ` of ${formatSize(total)}` : ''}  ${rate}`)
  }
}

/** Aligned `label  value` lines. */
export function facts(rows: [string, string][]): void {
  const width = Math.max(...rows.map(([label]) => label.length))
  for (const [label, value] of rows) say(`  ${dim(label.padEnd(width))}  ${value}`)
}
