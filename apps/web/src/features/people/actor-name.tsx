'use client'

import { useApi } from '../../api/use-api.ts'
import { useSession } from '../../session/session.tsx'
import { membersQuery } from './members-query.ts'

/** Whoever did something, by their name if one may know it. `actor` is as the platform names them, such as `person:<id>`. */
export function ActorName({ actor }: { actor: string }) {
  const { can, me } = useSession()
  const members = useApi('listMembers', membersQuery, { enabled: can('members:read') })
  const [kind, id] = actor.split(':')
  if (id === me.actor.id) return 'you'
  const member = members.data?.items.find((each) => each.id === id)
  return <span title={actor}>{member?.name ?? member?.email ?? words[kind ?? ''] ?? actor}</span>
}

const words: Record<string, string> = {
  api_key: 'a key',
  operator: 'the operator',
  person: 'somebody',
  platform: 'the platform',
  service_account: 'a service account',
  system: 'the platform',
}
