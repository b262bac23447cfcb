'use client'

import { useApi } from '../../api/use-api.ts'
import { useSession } from '../../session/session.tsx'
import { ButtonLink } from '../../ui/button.tsx'
import { Card } from '../../ui/page.tsx'
import { Time } from '../../ui/time.tsx'
import { ActorName } from '../people/actor-name.tsx'

const everyMs = 10_000

/** New versions that wait to be released, which are decided where they can be compared; nothing where there are none. */
export function WaitingReleases() {
  const { can, path } = useSession()
  const { data } = useApi(
    'listReleaseRequests',
    { query: { status: 'pending' } },
    { everyMs, enabled: can('agents:read') },
  )
  if (!data || data.items.length === 0) return null
  return (
    <Card title="Releases that wait">
      <ul className="divide-y divide-line">
        {data.items.map(({ id, agent, version, environment, requestedBy, createdAt, decisions, required }) => (
          <li key={id} className="flex flex-wrap items-center justify-between gap-3 px-4 py-2.5">
            <p className="min-w-0">
              <span className="font-medium">
                {agent} v{version} to {environment}
              </span>{' '}
              <span className="text-soft">
                asked by <ActorName actor={requestedBy} />, <Time at={createdAt} />;{' '}
                {decisions.filter(({ decision }) => decision === 'approve').length} of {required} approvals
              </span>
            </p>
            <ButtonLink size="small" href={path(`/agents/${encodeURIComponent(agent)}?tab=releases`)}>
              Look
            </ButtonLink>
          </li>
        ))}
      </ul>
    </Card>
  )
}
