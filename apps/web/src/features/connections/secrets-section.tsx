'use client'

import type { Secret } from '@freehold/contracts'
import { LockKeyhole, Plus } from 'lucide-react'
import { useState } from 'react'
import { useAct } from '../../api/use-api.ts'
import { usePages } from '../../api/use-pages.ts'
import { useSession } from '../../session/session.tsx'
import { Button } from '../../ui/button.tsx'
import { onDemand } from '../../ui/on-demand.ts'
import { EmptyState, Section } from '../../ui/page.tsx'
import { Paged } from '../../ui/paged.tsx'
import { RowActions } from '../../ui/row-actions.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { ActorName } from '../people/actor-name.tsx'

const SetSecret = onDemand(() => import('./set-secret.tsx').then((module) => module.SetSecret))

export function SecretsSection() {
  const { can } = useSession()
  const [open, setOpen] = useState<Secret | 'new'>()
  const secrets = usePages('listSecrets', {})
  const set = can('secrets:write') && (
    <Button onClick={() => setOpen('new')}>
      <Plus /> New secret
    </Button>
  )
  const empty = (
    <EmptyState icon={<LockKeyhole />} title="No secrets yet" action={set}>
      A secret is a value that can be set, used and replaced, and never read: a provider’s key, the token of an API.
    </EmptyState>
  )
  return (
    <Section title="Secrets" about="Their values are encrypted, and shown to nobody." actions={set}>
      <Paged list={secrets} empty={empty}>
        {(items) => <SecretsTable secrets={items} onReplace={setOpen} />}
      </Paged>
      {open && <SetSecret {...(open !== 'new' && { secret: open })} onClose={() => setOpen(undefined)} />}
    </Section>
  )
}

interface SecretsTableProps {
  secrets: readonly Secret[]
  onReplace: (secret: Secret) => void
}

function SecretsTable({ secrets, onReplace }: SecretsTableProps) {
  const connections = usePages('listConnections', {})
  const usersOf = (secret: Secret) =>
    connections.items?.filter((each) => each.secret === secret.name).map(({ name }) => name) ?? []
  const columns: Column<Secret>[] = [
    { key: 'name', title: 'Name', className: 'font-mono text-xs', cell: ({ name }) => name },
    { key: 'version', title: 'Version', right: true, cell: ({ version }) => version },
    {
      key: 'used',
      title: 'Used by',
      className: 'break-words',
      cell: (secret) => usersOf(secret).join(', ') || <span className="text-faint">nothing</span>,
    },
    {
      key: 'set',
      title: 'Set',
      right: true,
      wide: true,
      cell: ({ updatedAt, updatedBy }) => (
        <>
          <Time at={updatedAt} /> by <ActorName actor={updatedBy} />
        </>
      ),
    },
    {
      key: 'actions',
      title: <span className="sr-only">Actions</span>,
      right: true,
      cell: (secret) => (
        <Actions secret={secret} isUsed={usersOf(secret).length > 0} onReplace={() => onReplace(secret)} />
      ),
    },
  ]
  return <Table label="Secrets" columns={columns} rows={secrets} rowKey={({ name }) => name} />
}

interface ActionsProps {
  secret: Secret
  isUsed: boolean
  onReplace: () => void
}

function Actions({ secret: { name }, isUsed, onReplace }: ActionsProps) {
  const { can } = useSession()
  const remove = useAct('deleteSecret', { changes: ['listSecrets'], done: `The secret ${name} is deleted` })
  const mayWrite = can('secrets:write')
  return (
    <RowActions
      of={name}
      actions={[
        mayWrite && { label: 'Replace value', onSelect: onReplace },
        // A connection would be left without it.
        mayWrite &&
          !isUsed && {
            label: 'Delete',
            danger: true,
            question: {
              title: `Delete the secret ${name}?`,
              about: 'Every version of its value is gone then. This can’t be undone.',
              action: 'Delete secret',
              onConfirm: () => remove.mutateAsync({ params: { name } }),
            },
          },
      ]}
    />
  )
}
