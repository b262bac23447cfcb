'use client'

import type { Agent } from '@freehold/contracts'
import { environments } from '../environments.ts'
import { EnvironmentCard } from './environment-card.tsx'
import { ReleaseHistory } from './release-history.tsx'
import { ReleaseRequests } from './release-requests.tsx'

/** Which version serves where, on its way from development to production, and how it got there. */
export function ReleasesTab({ agent }: { agent: Agent }) {
  return (
    <div className="flex flex-col gap-5">
      <ReleaseRequests agent={agent.name} />
      <div className="grid items-stretch gap-4 lg:grid-cols-3">
        {environments.map((environment) => (
          <EnvironmentCard key={environment} agent={agent} environment={environment} />
        ))}
      </div>
      <ReleaseHistory agent={agent.name} />
    </div>
  )
}
