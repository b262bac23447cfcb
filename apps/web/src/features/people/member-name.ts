import type { Member } from '@freehold/contracts'

export const memberName = ({ name, email }: Pick<Member, 'name' | 'email'>): string => name ?? email ?? 'Somebody'
