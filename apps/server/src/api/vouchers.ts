import type { VouchedPerson } from '@freehold/core'

/** Who somebody is, and the one tenant that they came to, where a session is of its host. */
export type Vouched = VouchedPerson & { confinedTo?: string }

/**
 * Who an issuer says that somebody is; throws `unauthenticated` for what no issuer vouches for. Cookies count on the host
 * that they are of.
 */
export type Vouch = (credential: string, host?: string) => Promise<Vouched>

export interface Vouchers {
  /** For a bearer token that is no key of ours. */
  bearer?: Vouch | undefined
  /** For the cookies of our own sign-in. */
  session?: Vouch | undefined
}
