'use client'

import type { PublicBranding } from '@freehold/contracts'
import { Search } from 'lucide-react'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { useApi } from '../api/use-api.ts'
import { useSession } from '../session/session.tsx'
import { classNames } from '../ui/class-names.ts'
import { AccountMenu } from './account-menu.tsx'
import { isWithin, type NavigationItem, navigation } from './navigation.ts'
import { TenantMenu } from './tenant-menu.tsx'

export function Sidebar({ brand, onSearch }: { brand: PublicBranding; onSearch: () => void }) {
  const { can } = useSession()
  const groups = navigation.map(({ title, items }) => ({
    title,
    items: items.filter(({ permission }) => can(permission)),
  }))
  return (
    <div className="flex h-full flex-col">
      <div className="flex flex-col gap-2 p-3">
        <TenantMenu brand={brand} />
        <button
          type="button"
          onClick={onSearch}
          className="flex h-8 items-center gap-2 rounded-md border border-line bg-sunken px-2 text-faint hover:text-soft"
        >
          <Search className="size-3.5" aria-hidden />
          <span className="grow text-left">Go to…</span>
          <kbd className="rounded border border-line bg-surface px-1 font-sans text-[0.6875rem]">⌘K</kbd>
        </button>
      </div>
      <nav aria-label="Pages" className="flex min-h-0 grow flex-col gap-4 overflow-y-auto px-3 pb-3">
        {groups
          .filter(({ items }) => items.length > 0)
          .map(({ title, items }) => (
            <div key={title}>
              <p className="px-2 pb-1 text-xs text-faint">{title}</p>
              <ul className="flex flex-col gap-px">
                {items.map((item) => (
                  <li key={item.page}>
                    <SidebarLink item={item} />
                  </li>
                ))}
              </ul>
            </div>
          ))}
      </nav>
      <div className="border-t border-line p-3">
        <AccountMenu />
      </div>
    </div>
  )
}

function SidebarLink({ item: { title, page, Icon } }: { item: NavigationItem }) {
  const { path } = useSession()
  const pathname = usePathname()
  const href = path(page)
  const isCurrent = isWithin(pathname, href, page)
  return (
    <Link
      href={href}
      // Each would have the server make a page that hardly anybody asks for.
      prefetch={false}
      aria-current={isCurrent ? 'page' : undefined}
      className={classNames(
        'flex h-7.5 items-center gap-2.5 rounded-md px-2',
        isCurrent ? 'bg-sunken font-medium text-ink' : 'text-soft hover:bg-sunken hover:text-ink',
      )}
    >
      <Icon className="size-4 shrink-0" aria-hidden />
      <span className="grow truncate">{title}</span>
      {page === '/approvals' && <WaitingApprovals />}
    </Link>
  )
}

const approvalsEveryMs = 10_000
/** More than this are not counted. */
const countUpTo = 100

function WaitingApprovals() {
  const { data } = useApi(
    'listApprovals',
    { query: { status: 'pending', limit: countUpTo } },
    { everyMs: approvalsEveryMs },
  )
  if (!data || data.items.length === 0) return null
  const count = data.nextCursor === null ? `${data.items.length}` : `${countUpTo}+`
  return (
    <span className="rounded-full bg-accent-soft px-1.5 text-xs font-medium text-accent">
      {count}
      <span className="sr-only"> waiting</span>
    </span>
  )
}
