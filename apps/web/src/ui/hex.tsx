import { shortHex } from '../lib/short-hex.ts'
import { CopyButton } from './copy.tsx'

/** An address, hash or root: both ends in sight, the whole in the title and behind the copy button. */
export function Hex({
  value,
  what,
  ends = 4,
  href,
}: {
  value: string
  what: string
  ends?: number
  href?: string
}) {
  const short = shortHex(value, ends)
  return (
    <span className="inline-flex items-center gap-1 font-mono text-[0.8125rem]" title={value}>
      {href === undefined ? (
        <span>{short}</span>
      ) : (
        <a
          href={href}
          className="underline decoration-line-strong underline-offset-3 hover:decoration-current"
        >
          {short}
        </a>
      )}
      <CopyButton text={value} label={`Copy the ${what}`} />
    </span>
  )
}
