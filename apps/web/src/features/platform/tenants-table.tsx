'use client'

import type { TenantHealth } from '@freehold/contracts'
import Link from 'next/link'
import { useSession } from '../../session/session.tsx'
import { Badge } from '../../ui/badge.tsx'
import { formatMoney, formatNumber, formatShare } from '../../ui/format.ts'
import { type Column, Table } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { TenantActions } from './tenant-actions.tsx'

/** From here on a share of failed runs is worth a look. */
const manyFailures = 0.1

export function TenantsTable({ tenants }: { tenants: readonly TenantHealth[] }) {
  const columns: Column<TenantHealth>[] = [
    { key: 'name', title: 'Tenant', className: 'font-medium', cell: (tenant) => <TenantName tenant={tenant} /> },
    { key: 'status', title: 'State', cell: ({ status }) => <StatusBadge status={status} /> },
    { key: 'plan', title: 'Plan', wide: true, cell: ({ plan }) => plan },
    { key: 'isolation', title: 'Isolation', wide: true, cell: ({ isolation }) => isolation },
    { key: 'runs', title: 'Runs', right: true, wide: true, cell: ({ lastMonth }) => formatNumber(lastMonth.runs) },
    { key: 'failed', title: 'Failed', right: true, cell: ({ lastMonth }) => <Failed rate={lastMonth.failureRate} /> },
    {
      key: 'spend',
      title: 'Spend',
      right: true,
      wide: true,
      cell: ({ lastMonth }) => formatMoney(lastMonth.costNanos),
    },
    { key: 'now', title: 'Now', right: true, wide: true, cell: ({ now }) => <Now now={now} /> },
    {
      key: 'last',
      title: 'Last run',
      right: true,
      wide: true,
      cell: ({ lastRunAt }) => (lastRunAt === null ? '–' : <Time at={lastRunAt} />),
    },
    {
      key: 'actions',
      title: <span className="sr-only">Actions</span>,
      right: true,
      cell: (tenant) => <TenantActions tenant={tenant} />,
    },
  ]
  return <Table label="Tenants" columns={columns} rows={tenants} rowKey={({ id }) => id} />
}

/** A link for those who belong to it. */
function TenantName({ tenant: { id, name } }: { tenant: TenantHealth }) {
  const isMember = useSession().me.memberships.some((each) => each.id === id)
  if (!isMember) return name
  return (
    <Link href={`/t/${encodeURIComponent(name)}`} prefetch={false} className="hover:underline">
      {name}
    </Link>
  )
}

function StatusBadge({ status }: { status: TenantHealth['status'] }) {
  return status === 'active' ? <Badge tone="good">Active</Badge> : <Badge tone="warn">Suspended</Badge>
}

function Failed({ rate }: { rate: number | null }) {
  if (rate === null) return '–'
  return <span className={rate >= manyFailures ? 'font-medium text-bad' : undefined}>{formatShare(rate)}</span>
}

function Now({ now: { running, queued, waiting } }: Pick<TenantHealth, 'now'>) {
  const parts = [
    [running, 'running'],
    [queued, 'queued'],
    [waiting, 'waiting'],
  ] as const
  const shown = parts.filter(([count]) => count > 0).map(([count, what]) => `${formatNumber(count)} ${what}`)
  return shown.length > 0 ? shown.join(', ') : '–'
}
