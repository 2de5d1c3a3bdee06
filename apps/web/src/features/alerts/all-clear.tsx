import { CircleCheck } from 'lucide-react'
import { Notice } from '../../ui/notice.tsx'
import { When } from '../../ui/when.tsx'

/** Nothing needs the person; since when. */
export function AllClear({ since }: { since: Date | null }) {
  return (
    <Notice
      icon={<CircleCheck className="text-ok" />}
      title={
        since === null ? (
          'All clear'
        ) : (
          <>
            All clear since <When at={since.getTime() / 1000} absolute />
          </>
        )
      }
      text="Nothing needs you. What does is found by itself and told here, and by webhook and e-mail if you like."
    />
  )
}
