'use client'

import type { PublicBranding } from '@freehold/contracts'
import { Building2, ChevronsUpDown } from 'lucide-react'
import { useSession } from '../session/session.tsx'
import { Menu } from '../ui/menu.tsx'
import { BrandMark } from './brand-mark.tsx'

/** Which tenant this is, and the others that the person belongs to. */
export function TenantMenu({ brand }: { brand: PublicBranding }) {
  const { me, tenant, can } = useSession()
  return (
    <Menu
      align="start"
      entries={[
        { heading: 'Tenants' },
        ...me.memberships.map(({ name }) => ({
          label: name,
          href: `/t/${encodeURIComponent(name)}`,
          checked: name === tenant,
        })),
        ...(can('platform:tenants:read')
          ? [{ heading: 'Installation' }, { label: 'All tenants', href: '/platform', Icon: Building2 }]
          : []),
      ]}
      trigger={
        <button
          type="button"
          className="flex h-10 w-full items-center gap-2.5 rounded-md px-1.5 text-left hover:bg-sunken"
        >
          <BrandMark brand={brand} />
          <span className="min-w-0 grow">
            <span className="block truncate font-medium">{tenant}</span>
            {brand.name !== tenant && <span className="block truncate text-xs text-faint">{brand.name}</span>}
          </span>
          <ChevronsUpDown className="size-3.5 shrink-0 text-faint" aria-hidden />
        </button>
      }
    />
  )
}
