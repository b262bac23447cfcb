'use client'

import type { Environment, ReleaseEntry } from '@freehold/contracts'
import { useState } from 'react'
import { usePages } from '../../../api/use-pages.ts'
import { Badge } from '../../../ui/badge.tsx'
import { formatMoney, formatShare } from '../../../ui/format.ts'
import { Paged } from '../../../ui/paged.tsx'
import { Select } from '../../../ui/select.tsx'
import { type Column, Table } from '../../../ui/table.tsx'
import { Time } from '../../../ui/time.tsx'
import { ActorName } from '../../people/actor-name.tsx'
import { environments } from '../environments.ts'

const kinds: Record<ReleaseEntry['kind'], string> = {
  created: 'Made',
  direct: 'Released',
  promotion: 'Promoted',
  rollback: 'Rolled back',
  canary_started: 'Canary began',
  canary_changed: 'Canary changed',
  canary_rolled_back: 'Canary rolled back by itself',
}

export function ReleaseHistory({ agent }: { agent: string }) {
  const [environment, setEnvironment] = useState<Environment>('production')
  const entries = usePages('listReleaseHistory', { params: { name: agent, environment } })
  return (
    <section className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h2 className="font-medium">History</h2>
        <Select
          label="Environment"
          value={environment}
          options={environments.map((each) => ({ value: each, label: each }))}
          onChange={setEnvironment}
        />
      </div>
      <Paged list={entries} empty={<p className="p-4 text-faint">Nothing has been released here yet.</p>}>
        {(items) => <HistoryTable entries={items} />}
      </Paged>
    </section>
  )
}

function HistoryTable({ entries }: { entries: readonly ReleaseEntry[] }) {
  const columns: Column<ReleaseEntry>[] = [
    { key: 'what', title: 'What', className: 'font-medium', cell: (entry) => <What entry={entry} /> },
    { key: 'serves', title: 'Serves', cell: ({ version }) => `v${version}` },
    { key: 'canary', title: 'Canary', wide: true, cell: describeCanary },
    { key: 'by', title: 'By', wide: true, cell: (entry) => <By entry={entry} /> },
    { key: 'why', title: 'Why', wide: true, className: 'max-w-xs break-words', cell: (entry) => <Why entry={entry} /> },
    { key: 'at', title: 'When', right: true, cell: ({ at }) => <Time at={at} /> },
  ]
  return <Table label="History of releases" columns={columns} rows={entries} rowKey={({ number }) => String(number)} />
}

function What({ entry: { kind, forced } }: { entry: ReleaseEntry }) {
  return (
    <span className="inline-flex flex-wrap items-center gap-2">
      {kinds[kind]}
      {forced && <Badge tone="warn">rules left out</Badge>}
    </span>
  )
}

function describeCanary({ canaryVersion, canaryPercent }: ReleaseEntry): string {
  if (canaryVersion === null) return '–'
  return canaryPercent === null ? `v${canaryVersion} ended` : `v${canaryVersion} for ${canaryPercent}%`
}

function By({ entry: { by, approvedBy } }: { entry: ReleaseEntry }) {
  return (
    <>
      <ActorName actor={by} />
      {approvedBy.length > 0 && (
        <span className="block text-xs text-faint">
          approved by{' '}
          {approvedBy.map((actor, at) => (
            <span key={actor}>
              {at > 0 && ', '}
              <ActorName actor={actor} />
            </span>
          ))}
        </span>
      )}
    </>
  )
}

function Why({ entry: { comment, evidence } }: { entry: ReleaseEntry }) {
  if (!evidence) return comment ?? '–'
  const told = ({ ended, failed, costNanos }: typeof evidence.stable) =>
    ended === 0 ? 'no runs' : `${formatShare(failed / ended)} failed, ${formatMoney(costNanos / ended)} a run`
  return (
    <>
      {evidence.reason}
      <span className="block text-xs text-faint">
        Canary: {told(evidence.canary)}. The other: {told(evidence.stable)}.
      </span>
    </>
  )
}
