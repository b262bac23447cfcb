'use client'

import { Plus } from 'lucide-react'
import { useState } from 'react'
import { useSession } from '../../session/session.tsx'
import { Button } from '../../ui/button.tsx'
import { onDemand } from '../../ui/on-demand.ts'
import { Page } from '../../ui/page.tsx'
import { InvitationsSection } from './invitations-section.tsx'
import { MembersTable } from './members-table.tsx'
import { SupportNotice } from './support-notice.tsx'

const Invite = onDemand(() => import('./invite.tsx').then((module) => module.Invite))
const NewServiceAccount = onDemand(() => import('./new-service-account.tsx').then((module) => module.NewServiceAccount))

export function MembersPage() {
  const { can } = useSession()
  const [open, setOpen] = useState<'invite' | 'account'>()
  const close = () => setOpen(undefined)
  const actions = can('members:write') && (
    <>
      <Button onClick={() => setOpen('account')}>New service account</Button>
      <Button kind="primary" onClick={() => setOpen('invite')}>
        <Plus /> Invite
      </Button>
    </>
  )
  return (
    <Page title="Members" about="Who belongs to this tenant, and what they may do here." actions={actions}>
      <SupportNotice />
      <MembersTable />
      <InvitationsSection />
      {open === 'invite' && <Invite onClose={close} />}
      {open === 'account' && <NewServiceAccount onClose={close} />}
    </Page>
  )
}
