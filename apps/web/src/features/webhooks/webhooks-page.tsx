'use client'

import type { Webhook } from '@freehold/contracts'
import { Plus, Webhook as WebhookIcon } from 'lucide-react'
import { useState } from 'react'
import { usePages } from '../../api/use-pages.ts'
import { useSession } from '../../session/session.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { onDemand } from '../../ui/on-demand.ts'
import { EmptyState, Page } from '../../ui/page.tsx'
import { Paged } from '../../ui/paged.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { WebhookActions } from './webhook-actions.tsx'

const WebhookForm = onDemand(() => import('./webhook-form.tsx').then((module) => module.WebhookForm))

export function WebhooksPage() {
  const { can } = useSession()
  const [open, setOpen] = useState<Webhook | 'new'>()
  const webhooks = usePages('listWebhooks', {})
  const create = can('webhooks:write') && (
    <Button kind="primary" onClick={() => setOpen('new')}>
      <Plus /> New webhook
    </Button>
  )
  const empty = (
    <EmptyState icon={<WebhookIcon />} title="No webhooks yet" action={create}>
      A webhook tells a server of yours when a run fails or an approval is asked for. Each delivery is signed, and tried
      again until it is taken.
    </EmptyState>
  )
  return (
    <Page title="Webhooks" about="Which servers are told what happens in this tenant." actions={create}>
      <Paged list={webhooks} empty={empty}>
        {(items) => <WebhooksTable webhooks={items} onEdit={setOpen} />}
      </Paged>
      {open && <WebhookForm {...(open !== 'new' && { webhook: open })} onClose={() => setOpen(undefined)} />}
    </Page>
  )
}

interface WebhooksTableProps {
  webhooks: readonly Webhook[]
  onEdit: (webhook: Webhook) => void
}

function WebhooksTable({ webhooks, onEdit }: WebhooksTableProps) {
  const columns: Column<Webhook>[] = [
    {
      key: 'url',
      title: 'Where',
      className: 'max-w-96',
      cell: ({ url, description }) => (
        <>
          <span className="block font-medium break-all">{url}</span>
          {description !== '' && <span className="block text-xs break-words text-faint">{description}</span>}
        </>
      ),
    },
    {
      key: 'events',
      title: 'Is told of',
      wide: true,
      cell: ({ events }) => (
        <span className="flex flex-wrap gap-1">
          {events.map((event) => (
            <Badge key={event}>{event}</Badge>
          ))}
        </span>
      ),
    },
    { key: 'state', title: 'State', cell: (webhook) => <State webhook={webhook} /> },
    { key: 'made', title: 'Made', right: true, wide: true, cell: ({ createdAt }) => <Time at={createdAt} /> },
    {
      key: 'actions',
      title: <span className="sr-only">Actions</span>,
      right: true,
      cell: (webhook) => <WebhookActions webhook={webhook} onEdit={() => onEdit(webhook)} />,
    },
  ]
  return <Table label="Webhooks" columns={columns} rows={webhooks} rowKey={({ id }) => id} />
}

function State({ webhook: { status, disabledReason } }: { webhook: Webhook }) {
  if (status === 'active') return <Badge tone="good">active</Badge>
  return (
    <>
      <Badge tone="warn">off</Badge>
      {disabledReason !== null && <span className="mt-0.5 block max-w-48 text-xs text-soft">{disabledReason}</span>}
    </>
  )
}
