import { TriangleAlert } from 'lucide-react'
import { errorText } from '../../lib/error-text.ts'
import { LinkButton } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { Notice } from '../../ui/notice.tsx'

/** What went wrong while the server made a page: sentence, next step, and the same page again. */
export function Problem({ error, again }: { error: unknown; again: string }) {
  const { message, hint, code } = errorText(error)
  return (
    <Card>
      <Notice icon={<TriangleAlert />} tone="bad" title={message} text={hint} role="alert">
        <LinkButton href={again}>Try again</LinkButton>
        {code === null ? null : <span className="font-mono text-2xs text-muted">{code}</span>}
      </Notice>
    </Card>
  )
}
