'use client'

import type { OnboardedTenant } from '@freehold/contracts'
import { ButtonLink } from '../../../ui/button.tsx'
import { Code } from '../../../ui/code.tsx'
import { Card, Page } from '../../../ui/page.tsx'

/** What is shown this once. */
export function Created({ tenant: { name, apiKey, invitations } }: { tenant: OnboardedTenant }) {
  return (
    <Page
      title={`${name} is ready`}
      about="Copy what is here before you leave: none of it is shown again."
      actions={
        <ButtonLink kind="primary" href="/platform">
          To all tenants
        </ButtonLink>
      }
    >
      {invitations.map(({ email, token }) => (
        <Card key={email} title={`Invitation of ${email}`}>
          <div className="flex flex-col gap-2 p-4">
            <p className="text-soft">A mail is on its way. This link works for that address only.</p>
            <Code text={`${window.location.origin}/invitations/${token}`} label={`Invitation of ${email}`} />
          </div>
        </Card>
      ))}
      <Card title="First key">
        <div className="flex flex-col gap-2 p-4">
          <p className="text-soft">
            For the first program of the tenant: it may do everything there. Pass it on safely.
          </p>
          <Code text={apiKey} label="First key" />
        </div>
      </Card>
    </Page>
  )
}
