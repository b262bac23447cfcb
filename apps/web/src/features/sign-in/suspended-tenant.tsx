import { Ban } from 'lucide-react'
import { publicBranding } from '../../api/public.ts'
import { whoamiAtHost } from '../../api/server-client.ts'
import { BrandMark } from '../../shell/brand-mark.tsx'
import { ButtonLink } from '../../ui/button.tsx'
import { Card, EmptyState } from '../../ui/page.tsx'
import { supportLink } from './sign-in-frame.tsx'
import { SignOutButton } from './sign-out-button.tsx'

/** In place of all pages of a tenant that nobody gets into: whom to ask, and where else to go. */
export async function SuspendedTenant({ tenant, why }: { tenant?: string; why: string }) {
  const [me, brand] = await Promise.all([whoamiAtHost(), publicBranding()])
  const { memberships, permissions } = 'suspended' in me ? { memberships: [], permissions: [] } : me
  const others = memberships.filter(({ name, status }) => name !== tenant && status === 'active')
  const actions = (
    <div className="flex flex-wrap justify-center gap-2">
      {permissions.some((held) => held === 'platform:tenants:read') && (
        <ButtonLink href="/platform">All tenants</ButtonLink>
      )}
      {others.map(({ id, name }) => (
        <ButtonLink key={id} href={`/t/${encodeURIComponent(name)}`} prefetch={false}>
          Go to {name}
        </ButtonLink>
      ))}
      <ButtonLink href="/account">Your account</ButtonLink>
      <SignOutButton />
    </div>
  )
  return (
    <main className="grid min-h-dvh place-items-center px-4 py-10">
      <div className="flex w-full max-w-lg flex-col items-center gap-6">
        <BrandMark brand={brand} size="large" />
        <h1 className="text-lg font-semibold tracking-tight break-words">{tenant ?? brand.name}</h1>
        <Card className="w-full">
          <EmptyState icon={<Ban />} title="This tenant is suspended" action={actions}>
            <p>{why}</p>
            <p className="mt-2">
              Ask whoever runs this installation{brand.supportAddress && <Support at={brand.supportAddress} />}.
            </p>
          </EmptyState>
        </Card>
      </div>
    </main>
  )
}

function Support({ at }: { at: string }) {
  return (
    <>
      {': '}
      <a className="break-words underline" href={supportLink(at)}>
        {at}
      </a>
    </>
  )
}
