import type { VouchedPerson } from '@freehold/core'

/** Who an issuer says that somebody is; throws `unauthenticated` for what no issuer vouches for. Cookies count on the host that they are of. */
export type Vouch = (credential: string, host?: string) => Promise<VouchedPerson>

export interface Vouchers {
  /** For a bearer token that is no key of ours. */
  bearer?: Vouch | undefined
  /** For the cookies of our own sign-in. */
  session?: Vouch | undefined
}
