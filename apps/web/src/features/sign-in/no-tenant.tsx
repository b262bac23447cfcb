import { ButtonLink } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/page.tsx'
import { SignOutButton } from './sign-out-button.tsx'

/** For somebody who is signed in and belongs to no tenant yet. */
export function NoTenant({ name }: { name: string }) {
  const actions = (
    <div className="flex flex-wrap justify-center gap-2">
      <ButtonLink href="/account">Your account</ButtonLink>
      <SignOutButton />
    </div>
  )
  return (
    <main className="grid min-h-dvh place-items-center">
      <EmptyState title={`Welcome, ${name}`} action={actions}>
        You are signed in, but belong to no tenant yet. Follow the link of your invitation, or ask an owner of your
        tenant for one.
      </EmptyState>
    </main>
  )
}
