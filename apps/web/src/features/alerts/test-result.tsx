import { CircleAlert, CircleCheck } from 'lucide-react'
import { errorText } from '../../lib/error-text.ts'

/** What came of "Send a test": the other side's status and words. */
export function TestResult({
  sent,
  error,
  ok,
}: {
  sent: { ok: boolean; status: number | null; error: string | null } | undefined
  error: unknown
  ok: string
}) {
  if (sent === undefined && error === null) return null
  const good = sent?.ok === true
  const said = sent === undefined ? errorText(error) : null
  const Icon = good ? CircleCheck : CircleAlert
  return (
    <p
      role={good ? 'status' : 'alert'}
      className={`flex gap-2 text-[0.8125rem] [overflow-wrap:anywhere] ${good ? 'text-ok' : 'text-bad'}`}
    >
      <Icon className="mt-0.5 size-4 shrink-0" aria-hidden />
      {good
        ? `${ok}${sent.status === null ? '' : ` (status ${sent.status})`}.`
        : said === null
          ? (sent?.error ?? 'It was not sent.')
          : `${said.message} ${said.hint}`}
    </p>
  )
}
