'use client'

import { useSession } from '../../session/session.tsx'
import { Page } from '../../ui/page.tsx'
import { ConnectionsSection } from './connections-section.tsx'
import { SecretsSection } from './secrets-section.tsx'

export function ConnectionsPage() {
  const { can } = useSession()
  return (
    <Page title="Connections" about="What secrets are for, and where their values may go.">
      <ConnectionsSection />
      {can('secrets:read') && <SecretsSection />}
    </Page>
  )
}
