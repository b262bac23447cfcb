import { ButtonLink } from '../../../ui/button.tsx'
import { EmptyState } from '../../../ui/page.tsx'

export default function NotFound() {
  return (
    <div className="grid min-h-[60dvh] place-items-center">
      <EmptyState title="Not found" action={<ButtonLink href="/">Go to your start page</ButtonLink>}>
        There is nothing at this address, or it is not for you to see.
      </EmptyState>
    </div>
  )
}
