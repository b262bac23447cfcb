import type { Membership } from '@freehold/contracts'
import Link from 'next/link'
import { Badge } from '../../ui/badge.tsx'
import { Card } from '../../ui/page.tsx'
import { Row } from './row.tsx'

export function Memberships({ memberships }: { memberships: readonly Membership[] }) {
  return (
    <Card title="Tenants you belong to">
      {memberships.length === 0 ? (
        <Row>None yet. Follow the link of your invitation, or ask an owner of your tenant for one.</Row>
      ) : (
        <ul className="divide-y divide-line">
          {memberships.map(({ id, name, status, roles, teams }) => (
            <li key={id}>
              <Row
                action={
                  <Roles roles={[...roles, ...teams.map((team) => `${team.roles.join(', ')} in ${team.name}`)]} />
                }
              >
                <Link
                  href={`/t/${encodeURIComponent(name)}`}
                  prefetch={false}
                  className="font-medium text-ink hover:underline"
                >
                  {name}
                </Link>
                {status === 'suspended' && <span className="ml-2 text-soft">suspended</span>}
              </Row>
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}

function Roles({ roles }: { roles: readonly string[] }) {
  return (
    <span className="flex flex-wrap gap-1.5">
      {roles.map((role) => (
        <Badge key={role}>{role}</Badge>
      ))}
    </span>
  )
}
