'use client'

import type { PublicBranding } from '@freehold/contracts'
import { ArrowLeft } from 'lucide-react'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import type { ReactNode } from 'react'
import { useSession } from '../../session/session.tsx'
import { AccountMenu } from '../../shell/account-menu.tsx'
import { BrandMark } from '../../shell/brand-mark.tsx'
import { ConnectionNotice } from '../../shell/connection-notice.tsx'
import { ButtonLink } from '../../ui/button.tsx'
import { classNames } from '../../ui/class-names.ts'

const pages = [
  { title: 'Tenants', href: '/platform' },
  { title: 'Plans', href: '/platform/plans' },
]

/** Around the pages of the installation, which belong to no tenant. */
export function PlatformShell({ brand, children }: { brand: PublicBranding; children: ReactNode }) {
  const { me } = useSession()
  const pathname = usePathname()
  const first = me.memberships.find(({ status }) => status === 'active')
  return (
    <>
      <a
        href="#content"
        className="sr-only z-50 rounded-md bg-raised px-3 py-2 focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        Skip to content
      </a>
      <header className="sticky top-0 z-30 border-b border-line bg-surface">
        <div className="mx-auto flex h-14 max-w-7xl items-center gap-3 px-4 sm:px-6 lg:px-8">
          <BrandMark brand={brand} />
          <span className="hidden truncate font-medium sm:block">{brand.name}</span>
          <nav aria-label="Installation" className="flex grow gap-1">
            {pages.map(({ title, href }) => (
              <Link
                key={href}
                href={href}
                prefetch={false}
                aria-current={pathname === href ? 'page' : undefined}
                className={classNames(
                  'flex h-8 items-center rounded-md px-2.5',
                  pathname === href ? 'bg-sunken font-medium text-ink' : 'text-soft hover:bg-sunken hover:text-ink',
                )}
              >
                {title}
              </Link>
            ))}
          </nav>
          {first && (
            <ButtonLink kind="quiet" href={`/t/${encodeURIComponent(first.name)}`} aria-label={`Back to ${first.name}`}>
              <ArrowLeft /> <span className="hidden sm:inline">{first.name}</span>
            </ButtonLink>
          )}
          <div className="max-w-44 max-sm:w-14">
            <AccountMenu />
          </div>
        </div>
      </header>
      <ConnectionNotice />
      <main id="content" tabIndex={-1} className="min-w-0 outline-none">
        {children}
      </main>
    </>
  )
}
