'use client'

import type { Client, Permission, Whoami } from '@freehold/contracts'
import { createClient } from '@freehold/contracts/browser'
import { createContext, type ReactNode, useContext, useMemo } from 'react'

export interface Session {
  /** The tenant of the page by its name, as it stands in the address. */
  tenant: string
  me: Whoami
  client: Client
  can: (permission: Permission) => boolean
  /** The address of a page of the tenant, such as `/runs`. */
  path: (page: string) => string
}

const SessionContext = createContext<Session | undefined>(undefined)

export function SessionProvider({ tenant, me, children }: { tenant: string; me: Whoami; children: ReactNode }) {
  const session = useMemo<Session>(() => {
    const granted = new Set(me.permissions)
    return {
      tenant,
      me,
      client: createClient({ url: '', headers: tenant === '' ? {} : { 'x-tenant-id': tenant } }),
      can: (permission) => granted.has(permission),
      path: (page) => `/t/${encodeURIComponent(tenant)}${page}`,
    }
  }, [tenant, me])
  return <SessionContext value={session}>{children}</SessionContext>
}

/** Who looks at the page, what they may do, and the API in their name. */
export function useSession(): Session {
  const session = useContext(SessionContext)
  if (!session) throw new Error('useSession outside of a SessionProvider')
  return session
}
