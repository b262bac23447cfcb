import { ArrowLeft } from 'lucide-react'
import { redirect } from 'next/navigation'
import { readAccount } from '../../api/account.ts'
import { publicBranding } from '../../api/public.ts'
import { whoamiAtHost } from '../../api/server-client.ts'
import { BrandMark } from '../../shell/brand-mark.tsx'
import { ButtonLink } from '../../ui/button.tsx'
import { Page } from '../../ui/page.tsx'
import { SignOutButton } from '../sign-in/sign-out-button.tsx'
import { Memberships } from './memberships.tsx'
import { Passkeys } from './passkeys.tsx'
import { PasswordCard } from './password-card.tsx'
import { Profile } from './profile.tsx'
import { Sessions } from './sessions.tsx'
import { TwoFactor } from './two-factor.tsx'

/** What a person can see and change of themselves, whichever tenants they belong to. */
export async function AccountPage() {
  const [account, me, brand] = await Promise.all([readAccount(), whoamiAtHost(), publicBranding()])
  if (!account) redirect('/sign-in?next=/account')
  return (
    <>
      <header className="border-b border-line bg-surface">
        <div className="mx-auto flex h-12 max-w-3xl items-center justify-between gap-3 px-4 sm:px-6 lg:px-8">
          <span className="flex min-w-0 items-center gap-2.5 font-medium">
            <BrandMark brand={brand} />
            <span className="truncate">{brand.name}</span>
          </span>
          <ButtonLink kind="quiet" size="small" href="/">
            <ArrowLeft aria-hidden /> Back to work
          </ButtonLink>
        </div>
      </header>
      <main className="mx-auto max-w-3xl">
        <Page title="Your account" about={account.email} actions={<SignOutButton />}>
          <Profile account={account} />
          <PasswordCard account={account} />
          <TwoFactor hasTwoFactor={account.hasTwoFactor} />
          <Passkeys />
          <Sessions currentId={account.sessionId} />
          {'memberships' in me && <Memberships memberships={me.memberships} />}
        </Page>
      </main>
    </>
  )
}
