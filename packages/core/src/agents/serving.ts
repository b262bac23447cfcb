import type { Agent, AgentSummary, Environment } from '@freehold/contracts'
import type { Tx } from '../db/database.ts'

/** Which version serves in an environment, and which one as a canary beside it. */
export interface Serving {
  agent: string
  environment: Environment
  version: number
  canary_version: number | null
  canary_percent: number | null
}

/** What serves of some agents. */
export async function readServing(tx: Tx, agents: string[]): Promise<Serving[]> {
  if (agents.length === 0) return []
  const rows = await tx
    .selectFrom('agent_releases')
    .select(['agent', 'environment', 'version', 'canary_version', 'canary_percent'])
    .where('agent', 'in', agents)
    .orderBy('environment')
    .execute()
  // Has a check constraint.
  return rows.map((row) => ({ ...row, environment: row.environment as Environment }))
}

/** What serves where, of one agent. */
export function toReleases(serving: readonly Serving[]): Agent['releases'] {
  const versionIn = (environment: Environment) =>
    serving.find((row) => row.environment === environment)?.version ?? null
  return { development: versionIn('development'), staging: versionIn('staging'), production: versionIn('production') }
}

export function toCanaries(serving: readonly Serving[]): AgentSummary['canaries'] {
  return serving.flatMap(({ environment, canary_version: version, canary_percent: percent }) =>
    version === null || percent === null ? [] : [{ environment, version, percent }],
  )
}
