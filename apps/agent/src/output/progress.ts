import { formatDuration } from '@dmc/core/units/format-duration'
import { formatSize } from '@dmc/core/units/format-size'
import { cleanText, cutMiddle, displayWidth } from './clean-text.ts'
import type { Io } from './io.ts'

/** Bytes; `total` 0 = not known yet. */
export interface ProgressUpdate {
  stage: string
  done: number
  total: number
  files?: number
  filesTotal?: number
  current?: string
}

export interface ProgressReporter {
  update(update: ProgressUpdate): void
  /** A line that stays: a stage began, a transaction was sent. */
  line(text: string): void
  /** Clears the bar; call before anything else is printed. */
  end(): void
}

export interface Clock {
  now(): number
}

const REDRAW_MS = 100
const LINE_MS = 10_000
const EVENT_MS = 1_000

/**
 * Progress in the way the output wants it: a bar that is redrawn on a terminal (at most 10 a second), a line every 10 s
 * otherwise, `{"type":"progress"}` documents with --json (at most one a second); the last state of a stage always shows.
 */
export function createProgress(io: Io, clock: Clock = performance): ProgressReporter {
  const speed = createSpeed(clock)
  let last: ProgressUpdate | null = null
  let shownAt = Number.NEGATIVE_INFINITY
  let shown: ProgressUpdate | null = null
  let barOpen = false

  const interval = io.json ? EVENT_MS : io.redraw ? REDRAW_MS : LINE_MS

  const show = (update: ProgressUpdate) => {
    shown = update
    shownAt = clock.now()
    const { rate, etaSeconds } = speed.read(update)
    if (io.json) {
      io.document('progress', {
        stage: update.stage,
        done: update.done,
        total: update.total,
        rate: Math.round(rate),
        etaSec: etaSeconds,
        ...(update.files === undefined ? {} : { files: update.files, filesTotal: update.filesTotal ?? 0 }),
        ...(update.current === undefined ? {} : { current: update.current }),
      })
    } else if (io.redraw && !io.quiet) {
      process.stderr.write(`\r\u001b[2K${barLine(io, update, rate, etaSeconds)}`)
      barOpen = true
    } else io.note(textLine(update, rate, etaSeconds))
  }

  const flush = () => {
    if (last && last !== shown && (io.json || io.redraw || isComplete(last))) show(last)
  }
  const close = () => {
    if (!barOpen) return
    process.stderr.write('\r\u001b[2K')
    barOpen = false
  }

  return {
    update(update) {
      if (last && last.stage !== update.stage) {
        flush()
        speed.reset()
        shownAt = Number.NEGATIVE_INFINITY
      }
      last = update
      speed.add(update)
      if (clock.now() - shownAt >= interval) show(update)
    },
    line(text) {
      if (io.redraw) close()
      else flush()
      io.note(text)
      if (io.redraw && last && !io.quiet && !io.json) show(last)
    },
    end() {
      flush()
      close()
      last = null
    },
  }
}

const isComplete = ({ done, total }: ProgressUpdate) => total > 0 && done >= total

function barLine(io: Io, update: ProgressUpdate, rate: number, etaSeconds: number | null): string {
  const { stage, done, total } = update
  const fraction = total > 0 ? Math.min(1, done / total) : 0
  const width = Math.max(8, Math.min(24, io.columns - 70))
  const filled = Math.floor(fraction * width)
  const bar =
    total > 0
      ? `${'━'.repeat(filled)}${io.colors.dim('━'.repeat(width - filled))}`
      : io.colors.dim('━'.repeat(width))
  const percent = total > 0 ? `${Math.floor(fraction * 100)} %` : '…'
  const head = `${stage.padEnd(9)} `
  const tail = ` ${percent.padStart(5)}  ${amount(update)}${speedText(rate, etaSeconds)}`
  const used = displayWidth(head) + width + displayWidth(tail)
  const room = io.columns - used - 3
  const current = update.current && room > 12 ? `  ${cutMiddle(cleanText(update.current), room)}` : ''
  return `${io.colors.cyan(head)}${bar}${tail}${io.colors.dim(current)}`
}

function textLine(update: ProgressUpdate, rate: number, etaSeconds: number | null): string {
  const percent = update.total > 0 ? ` ${Math.floor((100 * update.done) / update.total)} %,` : ''
  return `${update.stage}:${percent} ${amount(update)}${speedText(rate, etaSeconds)}`
}

function amount({ done, total, files, filesTotal }: ProgressUpdate): string {
  const bytes = total > 0 ? `${formatSize(done)} of ${formatSize(total)}` : formatSize(done)
  if (files === undefined) return bytes
  return `${bytes}, ${files}${filesTotal ? ` of ${filesTotal}` : ''} files`
}

function speedText(rate: number, etaSeconds: number | null): string {
  if (rate <= 0) return ''
  return `, ${formatSize(Math.floor(rate))}/s${etaSeconds ? `, about ${formatDuration(etaSeconds)} left` : ''}`
}

/** Bytes per second over the last samples, weighted to the recent ones. */
function createSpeed(clock: Clock) {
  let at = 0
  let bytes = 0
  let rate = 0
  let fresh = true
  return {
    reset() {
      fresh = true
      rate = 0
    },
    add({ done }: ProgressUpdate) {
      const now = clock.now()
      if (fresh || done < bytes) {
        fresh = false
        rate = 0
        at = now
        bytes = done
      } else if (now - at >= 250) {
        const current = ((done - bytes) * 1000) / (now - at)
        const weight = rate === 0 ? 1 : 1 - Math.exp(-(now - at) / 3000)
        rate += weight * (current - rate)
        at = now
        bytes = done
      }
    },
    read({ done, total }: ProgressUpdate): { rate: number; etaSeconds: number | null } {
      const left = total - done
      return { rate, etaSeconds: rate > 0 && left > 0 ? Math.ceil(left / rate) : null }
    },
  }
}
