'use client'

import type { Connection } from '@freehold/contracts'
import { Plug, Plus } from 'lucide-react'
import { useState } from 'react'
import { useAct } from '../../api/use-api.ts'
import { usePages } from '../../api/use-pages.ts'
import { useSession } from '../../session/session.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { onDemand } from '../../ui/on-demand.ts'
import { EmptyState, Section } from '../../ui/page.tsx'
import { Paged } from '../../ui/paged.tsx'
import { RowActions } from '../../ui/row-actions.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'

const ConnectionForm = onDemand(() => import('./connection-form.tsx').then((module) => module.ConnectionForm))

export function ConnectionsSection() {
  const { can } = useSession()
  const [open, setOpen] = useState<Connection | 'new'>()
  const connections = usePages('listConnections', {})
  const connect = can('connections:write') && (
    <Button kind="primary" onClick={() => setOpen('new')}>
      <Plus /> Connect
    </Button>
  )
  const empty = (
    <EmptyState icon={<Plug />} title="No connections yet" action={connect}>
      Connect a model provider to use your own key for it, or an API so that agents can call it. Models only ever see
      the name of a connection.
    </EmptyState>
  )
  return (
    <Section title="Connected" actions={connect}>
      <Paged list={connections} empty={empty}>
        {(items) => <ConnectionsTable connections={items} onEdit={setOpen} />}
      </Paged>
      {open && <ConnectionForm {...(open !== 'new' && { connection: open })} onClose={() => setOpen(undefined)} />}
    </Section>
  )
}

interface ConnectionsTableProps {
  connections: readonly Connection[]
  onEdit: (connection: Connection) => void
}

function ConnectionsTable({ connections, onEdit }: ConnectionsTableProps) {
  const columns: Column<Connection>[] = [
    { key: 'name', title: 'Name', className: 'font-medium', cell: ({ name }) => name },
    {
      key: 'kind',
      title: 'For',
      cell: ({ kind }) =>
        kind === 'http' ? <Badge tone="info">an API</Badge> : <Badge tone="accent">a model provider</Badge>,
    },
    { key: 'to', title: 'Where the value goes', wide: true, className: 'max-w-80 break-words', cell: describeTarget },
    {
      key: 'secret',
      title: 'Secret',
      className: 'max-w-56 break-words',
      cell: ({ secret }) => <code className="font-mono text-xs">{secret}</code>,
    },
    { key: 'changed', title: 'Changed', right: true, wide: true, cell: ({ updatedAt }) => <Time at={updatedAt} /> },
    {
      key: 'actions',
      title: <span className="sr-only">Actions</span>,
      right: true,
      cell: (connection) => <Actions connection={connection} onEdit={() => onEdit(connection)} />,
    },
  ]
  return <Table label="Connections" columns={columns} rows={connections} rowKey={({ name }) => name} />
}

function describeTarget(connection: Connection): string {
  if (connection.kind === 'model_provider') {
    return connection.baseUrl === null ? `${connection.provider}’s own address` : connection.baseUrl
  }
  return `${connection.origin}, as ${connection.header}: ${connection.prefix}…`
}

function Actions({ connection: { name }, onEdit }: { connection: Connection; onEdit: () => void }) {
  const { can } = useSession()
  const remove = useAct('deleteConnection', { changes: ['listConnections'], done: `The connection ${name} is deleted` })
  return (
    <RowActions
      of={name}
      actions={
        can('connections:write')
          ? [
              { label: 'Change…', onSelect: onEdit },
              {
                label: 'Delete',
                danger: true,
                question: {
                  title: `Delete the connection ${name}?`,
                  about: 'Agents that use it can’t any more, from their next call on. Its secret stays.',
                  action: 'Delete connection',
                  onConfirm: () => remove.mutateAsync({ params: { name } }),
                },
              },
            ]
          : []
      }
    />
  )
}
