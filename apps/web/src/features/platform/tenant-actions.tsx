'use client'

import type { TenantHealth } from '@freehold/contracts'
import { useState } from 'react'
import { useAct } from '../../api/use-api.ts'
import { useSession } from '../../session/session.tsx'
import { onDemand } from '../../ui/on-demand.ts'
import { RowActions } from '../../ui/row-actions.tsx'
import { changedByTenant } from './changed-by-tenant.ts'

const StartSupport = onDemand(() => import('./start-support.tsx').then((module) => module.StartSupport))
const ChangePlan = onDemand(() => import('./change-plan.tsx').then((module) => module.ChangePlan))

export function TenantActions({ tenant }: { tenant: TenantHealth }) {
  const { can, me } = useSession()
  const [open, setOpen] = useState<'support' | 'plan'>()
  const { id, name, status } = tenant
  const changes = changedByTenant
  const suspend = useAct('suspendTenant', { changes, done: `${name} is suspended` })
  const resume = useAct('resumeTenant', { changes, done: `${name} is at work again` })
  const mayChange = can('platform:tenants:write')
  const isMember = me.memberships.some((each) => each.id === id)
  return (
    <>
      <RowActions
        of={name}
        actions={[
          can('platform:support') && !isMember && { label: 'Support access…', onSelect: () => setOpen('support') },
          mayChange && { label: 'Change plan…', onSelect: () => setOpen('plan') },
          mayChange &&
            status === 'active' && {
              label: 'Suspend…',
              danger: true,
              question: {
                title: `Suspend ${name}?`,
                about: 'Its keys and people are refused and no run goes on. Nothing is deleted; you can resume it.',
                action: 'Suspend tenant',
                onConfirm: () => suspend.mutateAsync({ params: { id } }),
              },
            },
          mayChange &&
            status === 'suspended' && {
              label: 'Resume…',
              question: {
                title: `Resume ${name}?`,
                about: 'Its keys and people are let in again, and its runs go on where they stopped.',
                action: 'Resume tenant',
                danger: false,
                onConfirm: () => resume.mutateAsync({ params: { id } }),
              },
            },
        ]}
      />
      {open === 'support' && <StartSupport tenant={tenant} onClose={() => setOpen(undefined)} />}
      {open === 'plan' && <ChangePlan tenant={tenant} onClose={() => setOpen(undefined)} />}
    </>
  )
}
