'use client'

import type { ApprovalSummary } from '@freehold/contracts'
import { History as HistoryIcon } from 'lucide-react'
import Link from 'next/link'
import { usePages } from '../../api/use-pages.ts'
import { useSession } from '../../session/session.tsx'
import { useSearch } from '../../session/use-search.ts'
import { Badge } from '../../ui/badge.tsx'
import { EmptyState } from '../../ui/page.tsx'
import { Paged } from '../../ui/paged.tsx'
import { Select } from '../../ui/select.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { gistOf, statusWords, titleOf } from './approval-words.ts'

const everyMs = 10_000
const outcomes = ['approved', 'rejected', 'expired', 'cancelled'] as const

/** What was decided, or no longer needs to be. */
export function History() {
  const [search, setSearch] = useSearch()
  const status = outcomes.find((each) => each === search.status)
  const all = usePages('listApprovals', { query: { ...(status && { status }) } }, everyMs)
  const over = { ...all, items: all.items?.filter((each) => each.status !== 'pending') }
  return (
    <div className="flex flex-col gap-4">
      <Select
        label="Outcome"
        className="self-start"
        value={status ?? 'any'}
        options={[
          { value: 'any', label: 'Any outcome' },
          ...outcomes.map((value) => ({ value, label: statusWords[value].label })),
        ]}
        onChange={(next) => setSearch({ status: next === 'any' ? undefined : next })}
      />
      <Paged
        list={over}
        empty={
          <EmptyState icon={<HistoryIcon />} title={status ? 'None came out like this' : 'Nothing was decided yet'}>
            Every approval stays here with who decided what, when and why.
          </EmptyState>
        }
      >
        {(items) => <HistoryTable approvals={items} />}
      </Paged>
    </div>
  )
}

function HistoryTable({ approvals }: { approvals: readonly ApprovalSummary[] }) {
  const { path } = useSession()
  const href = ({ id }: ApprovalSummary) => path(`/approvals/${id}`)
  const columns: Column<ApprovalSummary>[] = [
    {
      key: 'status',
      title: 'Outcome',
      cell: ({ status }) => <Badge tone={statusWords[status].tone}>{statusWords[status].label}</Badge>,
    },
    {
      key: 'what',
      title: 'What',
      className: 'max-w-0 w-full',
      cell: (approval) => (
        <>
          <Link href={href(approval)} className="block truncate font-medium hover:underline">
            {titleOf(approval)}
          </Link>
          <span className="block truncate font-mono text-xs text-soft">{gistOf(approval)}</span>
        </>
      ),
    },
    { key: 'agent', title: 'Agent', wide: true, cell: ({ agent, version }) => `${agent} v${version}` },
    { key: 'at', title: 'When', right: true, cell: ({ decidedAt, createdAt }) => <Time at={decidedAt ?? createdAt} /> },
  ]
  return <Table label="History" columns={columns} rows={approvals} rowKey={({ id }) => id} href={href} />
}
