'use client'

import type { Tenant } from '@freehold/contracts'
import { useApi } from '../../api/use-api.ts'
import { CopyButton } from '../../ui/copy-button.tsx'
import { Answered } from '../../ui/listing.tsx'
import { Card, Page, Skeleton } from '../../ui/page.tsx'
import { Moment } from '../../ui/time.tsx'
import { LimitsCard } from './limits-card.tsx'
import { PlanCard } from './plan-card.tsx'
import { SettingsForm } from './settings-form.tsx'

export function SettingsPage() {
  const tenant = useApi('getOwnTenant')
  return (
    <Page title="Settings" about="What holds in the whole tenant, and what its plan allows.">
      <Answered answer={tenant} skeleton={<Skeleton className="h-96" />}>
        {(data) => (
          <>
            <SettingsForm tenant={data} />
            <LimitsCard />
            <PlanCard plan={data.plan} />
            <TenantCard tenant={data} />
          </>
        )}
      </Answered>
    </Page>
  )
}

function TenantCard({ tenant: { id, name, createdAt } }: { tenant: Tenant }) {
  return (
    <Card title="The tenant">
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] items-center gap-x-6 gap-y-2 p-4">
        <dt className="text-soft">Name</dt>
        <dd className="break-words">{name}</dd>
        <dt className="text-soft">Id</dt>
        <dd className="flex min-w-0 items-center gap-1">
          <code className="truncate font-mono text-xs">{id}</code>
          <CopyButton text={id} label="Copy id" />
        </dd>
        <dt className="text-soft">Made</dt>
        <dd>
          <Moment at={createdAt} />
        </dd>
      </dl>
    </Card>
  )
}
