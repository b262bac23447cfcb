import type { Agent } from '@freehold/contracts'
import { Badge, type Tone } from '../../ui/badge.tsx'
import { environments } from './environments.ts'

const tones: Record<(typeof environments)[number], Tone> = {
  development: 'neutral',
  staging: 'info',
  production: 'good',
}

/** Where a version of an agent serves. */
export function ServesIn({ agent, version }: { agent: Agent; version: number }) {
  const served = environments.filter((environment) => agent.releases[environment] === version)
  if (served.length === 0) return <span className="text-faint">nowhere</span>
  return (
    <span className="inline-flex flex-wrap gap-1">
      {served.map((environment) => (
        <Badge key={environment} tone={tones[environment]}>
          {environment}
        </Badge>
      ))}
    </span>
  )
}
