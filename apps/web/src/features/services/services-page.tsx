'use client'

import type { ServiceSummary } from '@freehold/contracts'
import { Plus, Route } from 'lucide-react'
import Link from 'next/link'
import { useState } from 'react'
import { usePages } from '../../api/use-pages.ts'
import { useSession } from '../../session/session.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { onDemand } from '../../ui/on-demand.ts'
import { EmptyState, Page } from '../../ui/page.tsx'
import { Paged } from '../../ui/paged.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { environments } from '../agents/environments.ts'

const ServiceForm = onDemand(() => import('./service-form.tsx').then((module) => module.ServiceForm))

export function ServicesPage() {
  const { can } = useSession()
  const [isCreating, setCreating] = useState(false)
  const services = usePages('listServices', {})
  const create = can('services:write') && (
    <Button kind="primary" onClick={() => setCreating(true)}>
      <Plus /> Register
    </Button>
  )
  const empty = (
    <EmptyState icon={<Route />} title="No services yet" action={create}>
      A service is something that a team runs for others: an HTTP server, an agent or an MCP server. Whoever may calls
      it at one address, with the key that they have.
    </EmptyState>
  )
  return (
    <Page title="Services" about="What teams run for each other, and what callers can rely on." actions={create}>
      <Paged list={services} empty={empty}>
        {(items) => <ServicesTable services={items} />}
      </Paged>
      {isCreating && <ServiceForm onClose={() => setCreating(false)} />}
    </Page>
  )
}

function ServicesTable({ services }: { services: readonly ServiceSummary[] }) {
  const { path } = useSession()
  const href = ({ name }: ServiceSummary) => path(`/services/${name}`)
  const columns: Column<ServiceSummary>[] = [
    {
      key: 'name',
      title: 'Service',
      className: 'max-w-80',
      cell: (service) => (
        <>
          <Link href={href(service)} className="font-medium break-all hover:underline">
            {service.name}
          </Link>
          {service.description !== '' && (
            <span className="block text-xs break-words text-faint">{service.description}</span>
          )}
        </>
      ),
    },
    {
      key: 'environments',
      title: 'Serves in',
      cell: (service) => (
        <span className="flex flex-wrap gap-1">
          {environments
            .filter((each) => service.environments[each])
            .map((each) => (
              <Badge key={each} tone={each === 'production' ? 'good' : 'neutral'}>
                {each}
              </Badge>
            ))}
        </span>
      ),
    },
    { key: 'contract', title: 'Contract', wide: true, cell: ({ contract }) => contractLabel(contract) },
    { key: 'changed', title: 'Changed', right: true, wide: true, cell: ({ updatedAt }) => <Time at={updatedAt} /> },
  ]
  return <Table label="Services" columns={columns} rows={services} rowKey={({ name }) => name} href={href} />
}

function contractLabel(contract: ServiceSummary['contract']): string {
  if (contract === null) return 'none'
  return contract === 'openapi' ? 'OpenAPI' : 'agent card'
}
