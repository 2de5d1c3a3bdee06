/** The mark: two commitments that meet. */
export function Mark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 24 24" className={className ?? 'size-6'} aria-hidden="true">
      <rect width="24" height="24" rx="6.5" fill="var(--accent)" />
      <g fill="none" stroke="var(--on-accent)" strokeWidth="1.9" strokeLinecap="round" strokeLinejoin="round">
        <path d="M7.2 6.5v3.2c0 1.6 4.8 1.4 4.8 4.2v3.6" />
        <path d="M16.8 6.5v3.2c0 1.6-4.8 1.4-4.8 4.2" />
      </g>
    </svg>
  )
}

export function Brand() {
  return (
    <span className="inline-flex items-center gap-2.5 text-[0.9375rem] font-semibold tracking-tight">
      <Mark />
      DMC
    </span>
  )
}
