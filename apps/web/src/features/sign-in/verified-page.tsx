import { redirect } from 'next/navigation'
import { publicBranding } from '../../api/public.ts'
import { ButtonLink } from '../../ui/button.tsx'
import { explainLink } from './explain.ts'
import { leadingTo, ownPath } from './own-path.ts'
import type { Search } from './search.ts'
import { SignInFrame } from './sign-in-frame.tsx'

/** Where the link that proves an address leads, and where providers lead back to: on, or to why not. */
export async function VerifiedPage({ search }: { search: Search }) {
  const next = ownPath(search.next)
  const problem = explainLink(search.error)
  if (problem === undefined) redirect(next)
  const brand = await publicBranding()
  return (
    <SignInFrame brand={brand} title="Your address is not confirmed yet">
      <div className="flex flex-col gap-4">
        <p>{problem}</p>
        <ButtonLink kind="primary" href={leadingTo('/sign-in', next)}>
          Sign in
        </ButtonLink>
        <ButtonLink href={leadingTo('/forgot-password', next)}>Set a new password</ButtonLink>
      </div>
    </SignInFrame>
  )
}
