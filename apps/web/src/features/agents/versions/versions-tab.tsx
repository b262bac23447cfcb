'use client'

import type { Agent, AgentVersion } from '@freehold/contracts'
import { usePages } from '../../../api/use-pages.ts'
import { useSearch } from '../../../session/use-search.ts'
import { Button } from '../../../ui/button.tsx'
import { Card } from '../../../ui/page.tsx'
import { Paged } from '../../../ui/paged.tsx'
import { Select } from '../../../ui/select.tsx'
import { type Column, Table } from '../../../ui/table.tsx'
import { Time } from '../../../ui/time.tsx'
import { ServesIn } from '../serves-in.tsx'
import { ChangeList } from './change-list.tsx'
import { changesBetween } from './changes.ts'

/** Every version, and any two of them side by side: those that the address names, or the newest and the one before. */
export function VersionsTab({ agent }: { agent: Agent }) {
  const versions = usePages('listAgentVersions', { params: { name: agent.name } })
  return (
    <div className="flex flex-col gap-5">
      {versions.items && versions.items.length > 1 && <Comparison versions={versions.items} />}
      <Paged list={versions} empty={null}>
        {(items) => <VersionsTable agent={agent} versions={items} />}
      </Paged>
    </div>
  )
}

function VersionsTable({ agent, versions }: { agent: Agent; versions: readonly AgentVersion[] }) {
  const [, setSearch] = useSearch()
  const oldest = versions.at(-1)?.version
  const columns: Column<AgentVersion>[] = [
    { key: 'version', title: 'Version', className: 'font-medium', cell: ({ version }) => `v${version}` },
    { key: 'serves', title: 'Serves in', cell: ({ version }) => <ServesIn agent={agent} version={version} /> },
    { key: 'model', title: 'Model', wide: true, cell: ({ model }) => model },
    { key: 'tools', title: 'Tools', right: true, wide: true, cell: ({ tools }) => tools.length },
    { key: 'created', title: 'Made', right: true, wide: true, cell: ({ createdAt }) => <Time at={createdAt} /> },
    {
      key: 'compare',
      title: <span className="sr-only">Compare</span>,
      right: true,
      cell: ({ version }) =>
        version !== oldest && (
          <Button
            size="small"
            aria-label={`Compare v${version} with the one before`}
            onClick={() => setSearch({ from: String(version - 1), to: String(version) })}
          >
            What changed
          </Button>
        ),
    },
  ]
  return <Table label="Versions" columns={columns} rows={versions} rowKey={({ version }) => String(version)} />
}

function Comparison({ versions }: { versions: readonly AgentVersion[] }) {
  const [search, setSearch] = useSearch()
  const named = (version: string | undefined) => versions.find((each) => String(each.version) === version)
  const to = named(search.to) ?? versions[0]
  const from = named(search.from) ?? versions.find(({ version }) => to && version < to.version) ?? versions[0]
  if (!from || !to) return null
  const changes = changesBetween(from, to)
  const options = versions.map(({ version }) => ({ value: String(version), label: `v${version}` }))
  return (
    <Card title="What changed">
      <div className="flex flex-col gap-4 p-4">
        <div className="flex flex-wrap items-center gap-2">
          <Select
            label="From version"
            value={String(from.version)}
            options={options}
            onChange={(version) => setSearch({ from: version })}
            className="min-w-20!"
          />
          <span className="text-faint">to</span>
          <Select
            label="To version"
            value={String(to.version)}
            options={options}
            onChange={(version) => setSearch({ to: version })}
            className="min-w-20!"
          />
        </div>
        {changes.length === 0 ? <p className="text-soft">The two are alike.</p> : <ChangeList changes={changes} />}
      </div>
    </Card>
  )
}
