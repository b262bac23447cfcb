import type { VouchedPerson } from '@freehold/core'

/** Who an issuer says that somebody is; throws `unauthenticated` for what no issuer vouches for. */
export type Vouch = (credential: string) => Promise<VouchedPerson>

export interface Vouchers {
  /** For a bearer token that is no key of ours. */
  bearer?: Vouch | undefined
  /** For the cookies of our own sign-in. */
  session?: Vouch | undefined
}
