'use client'

import type { UsageGroup, UsageSummary } from '@freehold/contracts'
import { Coins } from 'lucide-react'
import { useApi } from '../../api/use-api.ts'
import { useSearch } from '../../session/use-search.ts'
import { formatCompact, formatMoney, formatNumber, formatShare } from '../../ui/format.ts'
import { Answered } from '../../ui/listing.tsx'
import { Card, EmptyState, Skeleton } from '../../ui/page.tsx'
import { Segmented } from '../../ui/segmented.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { ExportUsage } from './export-usage.tsx'
import { querySpan, type Span } from './span.ts'
import { groupName } from './usage-csv.ts'

const everyMs = 30_000

const groupings = [
  { value: 'agent', label: 'Agent' },
  { value: 'model', label: 'Model' },
  { value: 'person', label: 'Person' },
  { value: 'team', label: 'Team' },
] as const

/** Who or what it was spent by, most first. */
export function Breakdown({ span }: { span: Span }) {
  const [search, setSearch] = useSearch()
  const groupBy = groupings.find(({ value }) => value === search.by)?.value ?? 'agent'
  const groups = useApi('summarizeUsage', { query: { groupBy, ...querySpan(span) } }, { everyMs })
  return (
    <Card
      title="By"
      actions={
        <div className="flex flex-wrap items-center justify-end gap-2">
          <Segmented
            label="By"
            value={groupBy}
            options={groupings}
            onChange={(next) => setSearch({ by: next === 'agent' ? undefined : next })}
          />
          {groups.data && <ExportUsage usage={groups.data} />}
        </div>
      }
    >
      <Answered answer={groups} skeleton={<Skeleton className="m-4 h-40" />}>
        {(usage) => <Groups usage={usage} />}
      </Answered>
    </Card>
  )
}

function Groups({ usage }: { usage: UsageSummary }) {
  const { groupBy, items, total, omitted } = usage
  if (items.length === 0) {
    return (
      <EmptyState icon={<Coins />} title="Nothing was used in this time">
        Each call of a model counts here, with its tokens and its price at that moment.
      </EmptyState>
    )
  }
  // Free models cost nothing: their calls tell who asked most.
  const weigh = (used: Pick<UsageGroup, 'costNanos' | 'calls'>) => (total.costNanos > 0 ? used.costNanos : used.calls)
  const columns: Column<UsageGroup>[] = [
    {
      key: 'name',
      title: groupings.find(({ value }) => value === groupBy)?.label,
      className: 'max-w-0 w-full',
      cell: (group) => <Named name={groupName(group, groupBy)} share={weigh(group) / Math.max(1, weigh(total))} />,
    },
    { key: 'cost', title: 'Spent', right: true, cell: ({ costNanos }) => formatMoney(costNanos) },
    { key: 'calls', title: 'Calls', right: true, cell: ({ calls }) => formatNumber(calls) },
    {
      key: 'tokens',
      title: 'Tokens in / out',
      right: true,
      wide: true,
      cell: ({ inputTokens, outputTokens }) => `${formatCompact(inputTokens)} / ${formatCompact(outputTokens)}`,
    },
    ...(groupBy === 'model'
      ? []
      : [
          {
            key: 'runs',
            title: 'Runs',
            right: true,
            wide: true,
            cell: (group: UsageGroup) => formatNumber(group.runs ?? 0),
          },
        ]),
  ]
  return (
    <>
      <Table label={`Spend by ${groupBy}`} columns={columns} rows={items} rowKey={({ key }) => key ?? ''} />
      {omitted > 0 && (
        <p className="border-t border-line px-4 py-2 text-soft">And {formatNumber(omitted)} smaller ones.</p>
      )}
    </>
  )
}

function Named({ name, share }: { name: string; share: number }) {
  return (
    <div className="min-w-24">
      <div className="flex justify-between gap-3">
        <span className="truncate font-medium">{name}</span>
        <span className="text-xs text-soft tabular-nums">{formatShare(share)}</span>
      </div>
      <div aria-hidden className="mt-1 h-1.5 overflow-hidden rounded-full bg-sunken">
        <div className="h-full rounded-full bg-brand" style={{ width: `${share * 100}%` }} />
      </div>
    </div>
  )
}
