import { Cell, Head, HeadCell, Row, Table } from '../../ui/table.tsx'
import { type DayState, dayState, dayText, type ProofDay, stripText } from './proof-days.ts'

const WORDS: Record<DayState, string> = {
  passed: 'Passed',
  failed: 'Failed',
  offline: 'Offline',
  none: 'No check',
}

/** Height and pattern tell states apart, not the colour alone. */
const LOOKS: Record<DayState, string> = {
  passed: 'h-full bg-ok',
  failed: 'h-full bg-bad',
  offline: 'h-1/2 strip-hatched text-warn',
  none: 'h-1 bg-line-strong',
}

/** Thirty days of checks, a cell each. */
export function ProofStrip({ strip, small }: { strip: readonly ProofDay[]; small?: boolean }) {
  return (
    <div
      role="img"
      aria-label={stripText(strip)}
      className={`flex items-end ${small ? 'h-5 w-40 gap-px' : 'h-9 w-full gap-0.5 sm:gap-1'}`}
    >
      {strip.map((day) => {
        const state = dayState(day)
        return (
          <span
            key={day.day}
            title={`${dayText(day.day)}: ${WORDS[state].toLowerCase()}`}
            className={`relative min-w-0 flex-1 rounded-[2px] ${LOOKS[state]}`}
          >
            {state === 'failed' ? (
              <svg viewBox="0 0 8 8" aria-hidden className="absolute inset-0 m-auto h-2.5 w-full max-w-2.5">
                <path d="M1 1l6 6M7 1L1 7" className="stroke-surface" strokeWidth="1.6" />
              </svg>
            ) : null}
          </span>
        )
      })}
    </div>
  )
}

/** What the cells mean. */
export function StripLegend() {
  return (
    <ul aria-hidden className="flex flex-wrap gap-x-4 gap-y-1 text-xs text-muted">
      {(['passed', 'failed', 'offline', 'none'] as const).map((state) => (
        <li key={state} className="flex items-center gap-1.5">
          <span className="flex h-3.5 w-2 items-end">
            <span className={`relative w-full rounded-[2px] ${LOOKS[state]}`}>
              {state === 'failed' ? (
                <svg viewBox="0 0 8 8" aria-hidden className="absolute inset-0 m-auto w-full">
                  <path d="M1 1l6 6M7 1L1 7" className="stroke-surface" strokeWidth="1.6" />
                </svg>
              ) : null}
            </span>
          </span>
          {WORDS[state]}
        </li>
      ))}
    </ul>
  )
}

/** The same days as a table, newest first. */
export function ProofTable({ strip }: { strip: readonly ProofDay[] }) {
  return (
    <Table label="Checks by day">
      <Head>
        <HeadCell>Day (UTC)</HeadCell>
        <HeadCell>Result</HeadCell>
        <HeadCell align="right">Passed</HeadCell>
        <HeadCell align="right">Wrong</HeadCell>
        <HeadCell align="right">Refused</HeadCell>
        <HeadCell align="right">Offline</HeadCell>
        <HeadCell align="right">Unknown</HeadCell>
        <HeadCell align="right">Answer in</HeadCell>
      </Head>
      <tbody>
        {[...strip].reverse().map((day) => (
          <Row key={day.day}>
            <Cell>{dayText(day.day)}</Cell>
            <Cell>{WORDS[dayState(day)]}</Cell>
            <Cell align="right">{day.passed}</Cell>
            <Cell align="right">{day.wrong}</Cell>
            <Cell align="right">{day.refused}</Cell>
            <Cell align="right">{day.offline}</Cell>
            <Cell align="right">{day.unknown}</Cell>
            <Cell align="right">{day.medianMs === null ? '–' : `${day.medianMs} ms`}</Cell>
          </Row>
        ))}
      </tbody>
    </Table>
  )
}
