'use client'

import type { AgentFigures } from '@freehold/contracts'
import Link from 'next/link'
import { useSession } from '../../session/session.tsx'
import { formatMoney, formatNumber, formatShare } from '../../ui/format.ts'
import { Card } from '../../ui/page.tsx'
import { type Column, Table } from '../../ui/table.tsx'

export function BusyAgents({ agents }: { agents: readonly AgentFigures[] }) {
  const { path } = useSession()
  const columns: Column<AgentFigures>[] = [
    {
      key: 'agent',
      title: 'Agent',
      className: 'max-w-40 truncate font-medium',
      cell: ({ agent }) => (
        <Link href={path(`/agents/${encodeURIComponent(agent)}`)} className="hover:underline">
          {agent}
        </Link>
      ),
    },
    {
      key: 'runs',
      title: 'Runs',
      right: true,
      cell: ({ agent, runs }) => (
        <Link href={path(`/runs?agent=${encodeURIComponent(agent)}`)} className="hover:underline">
          {formatNumber(runs)}
        </Link>
      ),
    },
    {
      key: 'failed',
      title: 'Failed',
      right: true,
      cell: ({ failureRate }) => (failureRate === null ? '–' : formatShare(failureRate)),
    },
    { key: 'cost', title: 'Cost', right: true, cell: ({ costNanos }) => formatMoney(costNanos) },
  ]
  return (
    <Card title="Busiest agents">
      {agents.length === 0 ? (
        <p className="px-4 py-6 text-center text-soft">No agent did anything in this time.</p>
      ) : (
        <Table label="Busiest agents" columns={columns} rows={agents} rowKey={({ agent }) => agent} />
      )}
    </Card>
  )
}
