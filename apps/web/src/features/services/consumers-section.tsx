'use client'

import type { Service, ServiceConsumer } from '@freehold/contracts'
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
import { describeUse } from './uses.ts'

const ConsumerForm = onDemand(() => import('./consumer-form.tsx').then((module) => module.ConsumerForm))

/** Who relies on what: none of it is broken without anybody noticing. */
export function ConsumersSection({ service: { name, contract } }: { service: Service }) {
  const { can } = useSession()
  const [open, setOpen] = useState<ServiceConsumer | 'new'>()
  const consumers = usePages('listServiceConsumers', { params: { name } })
  // What somebody relies on is told by the contract.
  const add = can('services:write') && contract !== null && <Button onClick={() => setOpen('new')}>Add consumer</Button>
  const columns: Column<ServiceConsumer>[] = [
    { key: 'name', title: 'Consumer', className: 'font-medium break-all', cell: ({ consumer }) => consumer },
    {
      key: 'uses',
      title: 'Relies on',
      cell: ({ uses }) => (
        <ul className="font-mono text-xs">
          {uses.map(describeUse).map((use) => (
            <li key={use} className="break-words">
              {use}
            </li>
          ))}
        </ul>
      ),
    },
    { key: 'changed', title: 'Changed', right: true, wide: true, cell: ({ updatedAt }) => <Time at={updatedAt} /> },
    {
      key: 'actions',
      title: <span className="sr-only">Actions</span>,
      right: true,
      cell: (consumer) => can('services:write') && <Actions consumer={consumer} onEdit={() => setOpen(consumer)} />,
    },
  ]
  const empty = (
    <EmptyState title="Nobody has said that they rely on it">
      A consumer says which operations it uses and what it reads of their answers. A contract that breaks one is
      refused.
    </EmptyState>
  )
  return (
    <Section title="Consumers" actions={add}>
      <Paged list={consumers} empty={empty}>
        {(items) => <Table label="Consumers" columns={columns} rows={items} rowKey={({ consumer }) => consumer} />}
      </Paged>
      {open && (
        <ConsumerForm service={name} {...(open !== 'new' && { consumer: open })} onClose={() => setOpen(undefined)} />
      )}
    </Section>
  )
}

function Actions({ consumer: { service, consumer }, onEdit }: { consumer: ServiceConsumer; onEdit: () => void }) {
  const remove = useAct('deleteServiceConsumer', {
    changes: ['listServiceConsumers'],
    done: `${consumer} is forgotten`,
  })
  return (
    <RowActions
      of={consumer}
      actions={[
        { label: 'Change…', onSelect: onEdit },
        {
          label: 'Forget',
          danger: true,
          question: {
            title: `Forget ${consumer}?`,
            about: 'A contract that breaks it is accepted then. It can say anew what it relies on.',
            action: 'Forget',
            onConfirm: () => remove.mutateAsync({ params: { name: service, consumer } }),
          },
        },
      ]}
    />
  )
}
