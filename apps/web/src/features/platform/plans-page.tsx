'use client'

import type { Plan } from '@freehold/contracts'
import { useApi } from '../../api/use-api.ts'
import { formatBytes, formatNumber } from '../../ui/format.ts'
import { Answered } from '../../ui/listing.tsx'
import { Card, Page } from '../../ui/page.tsx'
import { type Column, Table } from '../../ui/table.tsx'

const quota = (amount: number | null, format = formatNumber) => (amount === null ? 'any' : format(amount))

const columns: Column<Plan>[] = [
  { key: 'name', title: 'Plan', className: 'font-medium', cell: ({ name }) => name },
  { key: 'isolation', title: 'Isolation', wide: true, cell: ({ isolation }) => isolation },
  { key: 'weight', title: 'Share', right: true, cell: ({ weight }) => `×${weight}` },
  { key: 'running', title: 'Runs at once', right: true, cell: ({ maxRunningRuns }) => formatNumber(maxRunningRuns) },
  {
    key: 'queued',
    title: 'In the queue',
    right: true,
    wide: true,
    cell: ({ maxQueuedRuns }) => formatNumber(maxQueuedRuns),
  },
  { key: 'month', title: 'Runs a month', right: true, wide: true, cell: ({ quotas }) => quota(quotas.runsPerMonth) },
  { key: 'agents', title: 'Agents', right: true, wide: true, cell: ({ quotas }) => quota(quotas.agents) },
  { key: 'members', title: 'Members', right: true, wide: true, cell: ({ quotas }) => quota(quotas.members) },
  {
    key: 'storage',
    title: 'Storage',
    right: true,
    wide: true,
    cell: ({ quotas }) => quota(quotas.storageBytes, formatBytes),
  },
]

export function PlansPage() {
  const plans = useApi('listPlans')
  return (
    <Page
      title="Plans"
      about="What tenants may take of the installation. When tenants compete for workers, a share of ×2 gets twice what ×1 gets."
    >
      <Answered answer={plans}>
        {({ items }) => (
          <Card>
            <Table label="Plans" columns={columns} rows={items} rowKey={({ name }) => name} />
          </Card>
        )}
      </Answered>
    </Page>
  )
}
