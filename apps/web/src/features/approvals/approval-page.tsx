'use client'

import { ArrowLeft } from 'lucide-react'
import { useSession } from '../../session/session.tsx'
import { ButtonLink } from '../../ui/button.tsx'
import { Page } from '../../ui/page.tsx'
import { ApprovalView } from './approval-view.tsx'

/** One approval at an address of its own, for links from elsewhere. */
export function ApprovalPage({ id }: { id: string }) {
  const { path } = useSession()
  const back = (
    <ButtonLink href={path('/approvals')}>
      <ArrowLeft /> All approvals
    </ButtonLink>
  )
  return (
    <Page title="Approval" actions={back}>
      <ApprovalView id={id} />
    </Page>
  )
}
