'use client'

import type { ApiKey } from '@freehold/contracts'
import { KeyRound, Plus } from 'lucide-react'
import { useState } from 'react'
import { useAct } from '../../api/use-api.ts'
import { usePages } from '../../api/use-pages.ts'
import { useSession } from '../../session/session.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { EmptyState, Page } from '../../ui/page.tsx'
import { Paged } from '../../ui/paged.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { CreateKey } from './create-key.tsx'

export function KeysPage() {
  const { can } = useSession()
  const [isCreating, setCreating] = useState(false)
  const keys = usePages('listKeys', {})
  const create = can('keys:write') && (
    <Button kind="primary" onClick={() => setCreating(true)}>
      <Plus /> New key
    </Button>
  )
  const empty = (
    <EmptyState icon={<KeyRound />} title="No keys yet" action={create}>
      A program calls the API with a key. Give each program its own, so that you can take one back without the others.
    </EmptyState>
  )
  return (
    <Page title="Keys" about="What programs call the API with. A key is shown once, when it is made." actions={create}>
      <Paged list={keys} empty={empty}>
        {(items) => <KeysTable keys={items} />}
      </Paged>
      {isCreating && <CreateKey onClose={() => setCreating(false)} />}
    </Page>
  )
}

function KeysTable({ keys }: { keys: readonly ApiKey[] }) {
  const { can } = useSession()
  const columns: Column<ApiKey>[] = [
    { key: 'name', title: 'Name', className: 'font-medium', cell: (key) => key.name },
    {
      key: 'prefix',
      title: 'Begins with',
      wide: true,
      cell: (key) => <code className="font-mono text-xs">{key.prefix}…</code>,
    },
    { key: 'state', title: 'State', cell: (key) => <KeyState apiKey={key} /> },
    { key: 'roles', title: 'May', wide: true, cell: describeReach },
    { key: 'maker', title: 'Made by', wide: true, cell: ({ madeBy }) => madeBy && (madeBy.name ?? 'somebody') },
    { key: 'created', title: 'Made', right: true, wide: true, cell: (key) => <Time at={key.createdAt} /> },
    {
      key: 'actions',
      title: <span className="sr-only">Actions</span>,
      right: true,
      cell: (key) => can('keys:write') && key.revokedAt === null && <Revoke apiKey={key} />,
    },
  ]
  return <Table label="Keys" columns={columns} rows={keys} rowKey={({ id }) => id} />
}

function describeReach({ roles, scopes, environment }: ApiKey): string {
  const may = roles.length > 0 ? roles.join(', ') : scopes.length === 1 ? scopes.join() : `${scopes.length} permissions`
  return environment === null ? may : `${may}, in ${environment}`
}

function KeyState({ apiKey: { revokedAt, expiresAt } }: { apiKey: ApiKey }) {
  if (revokedAt !== null) return <Badge>Revoked</Badge>
  if (expiresAt === null) return <Badge tone="good">Active</Badge>
  return Date.parse(expiresAt) < Date.now() ? (
    <Badge tone="warn">Expired</Badge>
  ) : (
    <Badge tone="good">Until {expiresAt.slice(0, 10)}</Badge>
  )
}

function Revoke({ apiKey: { id, name } }: { apiKey: ApiKey }) {
  const revoke = useAct('revokeKey', { changes: ['listKeys'], done: `The key ${name} is revoked` })
  return (
    <Confirm
      trigger={<Button size="small">Revoke</Button>}
      title={`Revoke ${name}?`}
      about="Whatever calls with this key is refused within five seconds. This can’t be undone."
      action="Revoke key"
      onConfirm={() => revoke.mutateAsync({ params: { id } })}
    />
  )
}
