'use client'

import type { Service } from '@freehold/contracts'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { useAct, useApi } from '../../api/use-api.ts'
import { useSession } from '../../session/session.tsx'
import { Button } from '../../ui/button.tsx'
import { Json } from '../../ui/code.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { Answered } from '../../ui/listing.tsx'
import { onDemand } from '../../ui/on-demand.ts'
import { Card, Page } from '../../ui/page.tsx'
import { ConsumersSection } from './consumers-section.tsx'
import { UpstreamsCard } from './upstreams-card.tsx'

const ServiceForm = onDemand(() => import('./service-form.tsx').then((module) => module.ServiceForm))

export function ServicePage({ name }: { name: string }) {
  const service = useApi('getService', { params: { name } })
  if (service.data) return <Found service={service.data} />
  return (
    <Page title={name}>
      <Answered answer={service}>{() => null}</Answered>
    </Page>
  )
}

function Found({ service }: { service: Service }) {
  const { can } = useSession()
  const [isEditing, setEditing] = useState(false)
  const { name, description, contract } = service
  const address = `/api/v1/${name}/`
  const actions = can('services:write') && (
    <>
      <Button onClick={() => setEditing(true)}>Change</Button>
      <DeleteService name={name} />
    </>
  )
  const about = (
    <>
      {description}
      <span className="mt-1 flex flex-wrap items-center gap-1">
        Called at <code className="font-mono text-xs break-all">{address}…</code>
        <CopyButton text={address} label="Copy address" />
      </span>
    </>
  )
  return (
    <Page title={name} about={about} actions={actions}>
      <UpstreamsCard service={service} />
      <ConsumersSection service={service} />
      <Card title="Contract">
        <div className="p-4">
          {contract === null ? (
            <p className="max-w-prose text-soft">
              None. With an OpenAPI document or an agent card, a change that breaks somebody is refused before it is
              made.
            </p>
          ) : (
            <Json value={contract.document} label="Contract" />
          )}
        </div>
      </Card>
      {isEditing && <ServiceForm service={service} onClose={() => setEditing(false)} />}
    </Page>
  )
}

function DeleteService({ name }: { name: string }) {
  const { path } = useSession()
  const router = useRouter()
  const remove = useAct('deleteService', {
    changes: ['listServices'],
    done: `The service ${name} is deleted`,
    onDone: () => router.push(path('/services')),
  })
  return (
    <Confirm
      trigger={<Button kind="danger">Delete</Button>}
      title={`Delete the service ${name}?`}
      about="Nobody can call it any more. While consumers rely on it, it is not deleted: forget them first. This can’t be undone."
      action="Delete service"
      onConfirm={() => remove.mutateAsync({ params: { name } })}
    />
  )
}
