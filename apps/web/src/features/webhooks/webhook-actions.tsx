'use client'

import type { Webhook } from '@freehold/contracts'
import { useAct } from '../../api/use-api.ts'
import { useSession } from '../../session/session.tsx'
import { onDemand } from '../../ui/on-demand.ts'
import { RowActions } from '../../ui/row-actions.tsx'

const TestDelivery = onDemand(() => import('./test-delivery.tsx').then((module) => module.TestDelivery))
const ShownOnce = onDemand(() => import('../../ui/shown-once.tsx').then((module) => module.ShownOnce))

export function WebhookActions({ webhook, onEdit }: { webhook: Webhook; onEdit: () => void }) {
  const { can } = useSession()
  const test = useAct('testWebhook', { changes: [] })
  const rotate = useAct('rotateWebhookSecret', { changes: [] })
  if (!can('webhooks:write')) return null
  return (
    <>
      <Menu webhook={webhook} onEdit={onEdit} test={test.mutate} rotate={rotate.mutateAsync} />
      {test.data && <TestDelivery runId={test.data.id} url={webhook.url} onClose={test.reset} />}
      {rotate.data && (
        <ShownOnce
          title="The new secret"
          about="Copy it now: it is not shown again. For 24 hours the one before signs beside it."
          label="Secret"
          text={rotate.data.secret}
          onClose={rotate.reset}
        />
      )}
    </>
  )
}

type ById = { params: { id: string } }
interface MenuProps {
  webhook: Webhook
  onEdit: () => void
  test: (input: ById) => void
  rotate: (input: ById) => Promise<unknown>
}

function Menu({ webhook: { id, url, status }, onEdit, test, rotate }: MenuProps) {
  const update = useAct('updateWebhook', {
    changes: ['listWebhooks'],
    done: (after) => (after.status === 'active' ? 'The webhook is on' : 'The webhook is off'),
  })
  const remove = useAct('deleteWebhook', { changes: ['listWebhooks'], done: 'The webhook is deleted' })
  const byId = { params: { id } }
  const isOn = status === 'active'
  return (
    <RowActions
      of={url}
      actions={[
        isOn && { label: 'Send a test', onSelect: () => test(byId) },
        { label: 'Change…', onSelect: onEdit },
        {
          label: 'Rotate secret',
          question: {
            title: 'Make a new secret?',
            about: 'For 24 hours the one before signs too, so that you can put the new one where it is verified.',
            action: 'Make a new one',
            danger: false,
            onConfirm: () => rotate(byId),
          },
        },
        {
          label: isOn ? 'Switch off' : 'Switch on',
          onSelect: () => update.mutate({ ...byId, body: { status: isOn ? 'disabled' : 'active' } }),
        },
        {
          label: 'Delete',
          danger: true,
          question: {
            title: 'Delete the webhook?',
            about: `${url} is told nothing more, and its secret is gone. This can’t be undone.`,
            action: 'Delete webhook',
            onConfirm: () => remove.mutateAsync(byId),
          },
        },
      ]}
    />
  )
}
