'use client'

import { usePathname } from 'next/navigation'
import type { ReactNode } from 'react'
import { useSession } from '../session/session.tsx'
import { NotPermitted } from '../ui/error-notice.tsx'
import { Page } from '../ui/page.tsx'
import { pageAt } from './navigation.ts'

/** A page for who may read it. Others come by its address only: it is not in their menu. */
export function Permitted({ children }: { children: ReactNode }) {
  const { can, path } = useSession()
  const page = pageAt(usePathname(), path)
  if (!page || can(page.permission)) return children
  return (
    <Page title={page.title}>
      <NotPermitted>
        Your roles in this tenant do not include it. Ask an admin if you need it for your work.
      </NotPermitted>
    </Page>
  )
}
