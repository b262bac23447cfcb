'use client'

import type { TenantHealth } from '@freehold/contracts'
import { Building2, Plus, Search } from 'lucide-react'
import { usePages } from '../../api/use-pages.ts'
import { useSession } from '../../session/session.tsx'
import { useSearch } from '../../session/use-search.ts'
import { ButtonLink } from '../../ui/button.tsx'
import { Input } from '../../ui/field.tsx'
import { EmptyState, Page } from '../../ui/page.tsx'
import { Paged } from '../../ui/paged.tsx'
import { Select } from '../../ui/select.tsx'
import { TenantsTable } from './tenants-table.tsx'

const everyMs = 20_000

export function TenantsPage() {
  const { can } = useSession()
  const [search, setSearch] = useSearch()
  const tenants = usePages('listTenantHealth', { query: { limit: 200 } }, everyMs)
  const found = { ...tenants, items: tenants.items?.filter((each) => fits(each, search)) }
  const create = can('platform:tenants:write') && (
    <ButtonLink kind="primary" href="/platform/new">
      <Plus /> New tenant
    </ButtonLink>
  )
  const isFiltered = search.name !== undefined || search.status !== undefined
  const empty = isFiltered ? (
    <EmptyState icon={<Building2 />} title="No tenant fits" />
  ) : (
    <EmptyState icon={<Building2 />} title="No tenants yet" action={create}>
      A tenant is a client with ground of their own: agents, people, keys and budgets that no other sees.
    </EmptyState>
  )
  return (
    <Page title="All tenants" about="Every tenant of this installation, with what it did in 30 days." actions={create}>
      <div className="flex flex-wrap gap-2">
        <div className="relative w-full max-w-72">
          <Search
            className="pointer-events-none absolute top-1/2 left-2.5 size-3.5 -translate-y-1/2 text-faint"
            aria-hidden
          />
          <Input
            type="search"
            aria-label="Find a tenant"
            placeholder="Name or plan"
            className="pl-8"
            defaultValue={search.name ?? ''}
            onChange={(event) => setSearch({ name: event.target.value })}
          />
        </div>
        <Select
          label="State"
          value={search.status ?? 'any'}
          options={[
            { value: 'any', label: 'Any state' },
            { value: 'active', label: 'Active' },
            { value: 'suspended', label: 'Suspended' },
          ]}
          onChange={(status) => setSearch({ status: status === 'any' ? undefined : status })}
        />
      </div>
      <Paged list={found} empty={empty}>
        {(items) => <TenantsTable tenants={items} />}
      </Paged>
    </Page>
  )
}

function fits(tenant: TenantHealth, { name = '', status }: Record<string, string | undefined>): boolean {
  const words = name.trim().toLowerCase()
  const isNamed = tenant.name.toLowerCase().includes(words) || tenant.plan.toLowerCase().includes(words)
  return isNamed && (status === undefined || tenant.status === status)
}
