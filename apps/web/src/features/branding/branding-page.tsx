'use client'

import { useApi } from '../../api/use-api.ts'
import { Answered } from '../../ui/listing.tsx'
import { Page, Skeleton } from '../../ui/page.tsx'
import { BrandForm } from './brand-form.tsx'
import { HostCard } from './host-card.tsx'
import { LogoCard } from './logo-card.tsx'

export function BrandingPage() {
  const branding = useApi('getBranding')
  return (
    <Page title="Branding" about="How this tenant looks to its people: on pages, in mails and by its own host name.">
      <Answered answer={branding} skeleton={<Skeleton className="h-96" />}>
        {(data) => (
          <>
            <BrandForm branding={data} />
            <LogoCard branding={data} />
            <HostCard host={data.host} />
          </>
        )}
      </Answered>
    </Page>
  )
}
