import { EmptyState } from '../../ui/page.tsx'

/** For somebody who is signed in and belongs to no tenant yet. */
export function NoTenant({ name }: { name: string }) {
  return (
    <main className="grid min-h-dvh place-items-center">
      <EmptyState title={`Welcome, ${name}`}>
        You are signed in, but belong to no tenant yet. Follow the link of your invitation, or ask an owner of your
        tenant for one.
      </EmptyState>
    </main>
  )
}
