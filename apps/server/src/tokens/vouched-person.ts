import type { TenantRole } from '@freehold/contracts'

/** Someone, as an issuer vouches for them. */
export interface VouchedPerson {
  issuer: string
  subject: string
  email: string | null
  emailVerified: boolean
  name: string | null
  /** What a mapped claim says of memberships; absent when the issuer maps none. Tenants by name. */
  memberships?: readonly { tenant: string; roles: readonly TenantRole[] }[]
}
