import type { ReactNode } from 'react'

/** Title of a screen, one sentence about it, and its main action. */
export function PageHeader({
  title,
  about,
  action,
  above,
}: {
  title: ReactNode
  about?: ReactNode
  action?: ReactNode
  above?: ReactNode
}) {
  return (
    <header className="mb-6 flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
      <div className="min-w-0">
        {above === undefined ? null : <div className="mb-1.5 text-[0.8125rem] text-muted">{above}</div>}
        <h1 className="text-xl font-semibold tracking-tight [overflow-wrap:anywhere] sm:text-2xl">{title}</h1>
        {about === undefined ? null : <div className="mt-1 max-w-2xl text-sm text-muted">{about}</div>}
      </div>
      {action === undefined ? null : <div className="flex flex-wrap items-center gap-2">{action}</div>}
    </header>
  )
}
