'use client'

import type { AgentSummary } from '@freehold/contracts'
import { Bot, Plus } from 'lucide-react'
import Link from 'next/link'
import { usePages } from '../../api/use-pages.ts'
import { useSession } from '../../session/session.tsx'
import { ButtonLink } from '../../ui/button.tsx'
import { formatNumber, formatShare } from '../../ui/format.ts'
import { EmptyState, Page } from '../../ui/page.tsx'
import { Paged } from '../../ui/paged.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { environments } from './environments.ts'

const everyMs = 15_000

export function AgentsPage() {
  const { can, path } = useSession()
  const agents = usePages('listAgents', {}, everyMs)
  const create = can('agents:write') && (
    <ButtonLink kind="primary" href={path('/agents/new')}>
      <Plus /> New agent
    </ButtonLink>
  )
  const empty = (
    <EmptyState icon={<Bot />} title="No agents yet" action={create}>
      An agent is a prompt, a model and tools under a name. Begin with a sample and make it yours.
    </EmptyState>
  )
  return (
    <Page title="Agents" about="What each is told, which version serves where, and how it does." actions={create}>
      <Paged list={agents} empty={empty}>
        {(items) => <AgentsTable agents={items} />}
      </Paged>
    </Page>
  )
}

function AgentsTable({ agents }: { agents: readonly AgentSummary[] }) {
  const { path } = useSession()
  const href = ({ name }: AgentSummary) => path(`/agents/${name}`)
  const columns: Column<AgentSummary>[] = [
    {
      key: 'name',
      title: 'Agent',
      className: 'min-w-40 max-w-md',
      cell: (agent) => (
        <>
          <Link href={href(agent)} className="font-medium hover:underline">
            {agent.name}
          </Link>
          <p className="line-clamp-1 text-xs text-faint">{agent.description}</p>
        </>
      ),
    },
    { key: 'newest', title: 'Newest', cell: ({ version }) => `v${version}` },
    ...environments.map(
      (environment): Column<AgentSummary> => ({
        key: environment,
        title: <span className="capitalize">{environment}</span>,
        wide: environment !== 'production',
        cell: (agent) => <Serving agent={agent} environment={environment} />,
      }),
    ),
    { key: 'team', title: 'Team', wide: true, cell: ({ owner }) => owner?.teamName ?? <None>–</None> },
    {
      key: 'runs',
      title: 'Runs, 7 days',
      right: true,
      wide: true,
      cell: ({ lastWeek }) => (lastWeek === null ? <None>–</None> : formatNumber(lastWeek.runs)),
    },
    { key: 'failed', title: 'Failed', right: true, wide: true, cell: (agent) => <FailureRate agent={agent} /> },
  ]
  return <Table label="Agents" columns={columns} rows={agents} rowKey={({ name }) => name} href={href} />
}

function Serving({ agent, environment }: { agent: AgentSummary; environment: (typeof environments)[number] }) {
  const version = agent.releases[environment]
  const canary = agent.canaries.find((each) => each.environment === environment)
  if (version === null) return <None>nothing</None>
  return (
    <span className="whitespace-nowrap">
      <span className={version < agent.version ? 'text-soft' : undefined}>v{version}</span>
      {canary && (
        <span className="block text-xs text-warn">
          v{canary.version} for {canary.percent}%
        </span>
      )}
    </span>
  )
}

const bad = 0.1

function FailureRate({ agent: { lastWeek } }: { agent: AgentSummary }) {
  if (lastWeek === null || lastWeek.failureRate === null) return <None>–</None>
  return (
    <span className={lastWeek.failureRate > bad ? 'text-bad' : undefined}>{formatShare(lastWeek.failureRate)}</span>
  )
}

function None({ children }: { children: string }) {
  return <span className="text-faint">{children}</span>
}
