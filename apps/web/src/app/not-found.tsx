import { SearchX } from 'lucide-react'
import { Brand } from '../features/site/brand.tsx'
import { LinkButton } from '../ui/button.tsx'
import { Notice } from '../ui/notice.tsx'

export default function NotFound() {
  return (
    <main id="main" className="mx-auto grid min-h-dvh max-w-md place-content-center px-4">
      <div className="mb-2 text-center">
        <Brand />
      </div>
      <h1 className="sr-only">Not found</h1>
      <Notice
        icon={<SearchX />}
        title="There is nothing at this address"
        text="The link may be old, or a letter is missing."
      >
        <LinkButton href="/">To the start page</LinkButton>
      </Notice>
    </main>
  )
}
