import type { Member } from '@freehold/contracts'

/** As the platform names whoever does something. */
export const memberActor = ({ kind, id }: Pick<Member, 'kind' | 'id'>): string =>
  `${kind === 'service' ? 'service_account' : 'person'}:${id}`

export const memberName = ({ name, email }: Pick<Member, 'name' | 'email'>): string => name ?? email ?? 'Somebody'
