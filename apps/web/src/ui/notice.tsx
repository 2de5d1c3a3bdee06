import type { ReactNode } from 'react'

/** A state that fills its place: icon, what is so, the next step. */
export function Notice({
  icon,
  title,
  text,
  children,
  tone,
  role,
}: {
  icon: ReactNode
  title: ReactNode
  text?: ReactNode
  children?: ReactNode
  tone?: 'bad'
  role?: 'alert'
}) {
  return (
    <div role={role} className="flex flex-col items-center gap-1.5 px-6 py-12 text-center">
      <span
        aria-hidden
        className={`mb-2 grid size-10 place-items-center rounded-full [&_svg]:size-5 ${tone === 'bad' ? 'bg-bad-soft text-bad' : 'bg-raised text-muted'}`}
      >
        {icon}
      </span>
      <p className="font-medium">{title}</p>
      {text === undefined ? null : <div className="max-w-md text-[0.8125rem] text-muted">{text}</div>}
      {children === undefined ? null : (
        <div className="mt-3 flex flex-col items-center gap-2">{children}</div>
      )}
    </div>
  )
}
