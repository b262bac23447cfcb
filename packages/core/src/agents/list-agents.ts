import type { AgentSummary, Page } from '@freehold/contracts'
import { cursorKeys, decodeCursor, type PageQuery, toPage } from '../cursor.ts'
import type { Tx } from '../db/database.ts'
import { authorize, type Caller } from '../identity/caller.ts'
import { selectAgentFigures, toAgentFigures } from '../runs/agent-figures.ts'
import { type TemplateRow, toVersion } from './agents.ts'
import { readServing, toCanaries, toReleases } from './serving.ts'
import { systemAgents } from './system-agents.ts'

const weekMs = 7 * 86_400_000

export async function listAgents(caller: Caller, query: PageQuery): Promise<Page<AgentSummary>> {
  authorize(caller, 'agents:read')
  const after = decodeCursor(query.cursor, cursorKeys.name)
  return caller.platform.database.withTenant(caller, async (tx) => {
    const rows = await tx
      .selectFrom('agent_templates')
      .distinctOn('name')
      .selectAll()
      .where('name', 'not like', systemAgents)
      .$if(after !== undefined, (q) => q.where('name', '>', after ?? ''))
      .orderBy('name')
      .orderBy('version', 'desc')
      .limit(query.limit + 1)
      .execute()
    const summaries = await summarize(tx, caller, rows)
    return toPage(
      summaries,
      query.limit,
      (summary) => summary,
      ({ name }) => name,
    )
  })
}

async function summarize(tx: Tx, caller: Caller, rows: readonly TemplateRow[]): Promise<AgentSummary[]> {
  const names = rows.map(({ name }) => name)
  const serving = await readServing(tx, names)
  const owners = await readOwners(tx, names)
  const lastWeek = caller.permissions.has('runs:read') ? await readLastWeek(tx, caller, names) : null
  return rows.map((row) => {
    const own = serving.filter(({ agent }) => agent === row.name)
    return {
      ...toVersion(row),
      releases: toReleases(own),
      canaries: toCanaries(own),
      owner: owners.get(row.name) ?? null,
      lastWeek: lastWeek && (lastWeek.get(row.name) ?? { runs: 0, failureRate: null, costNanos: 0 }),
    }
  })
}

async function readOwners(tx: Tx, agents: string[]): Promise<Map<string, AgentSummary['owner']>> {
  if (agents.length === 0) return new Map()
  const rows = await tx
    .selectFrom('resource_owners')
    .innerJoin('teams', 'teams.id', 'resource_owners.team_id')
    .select(['resource', 'team_id', 'teams.name'])
    .where('kind', '=', 'agent')
    .where('resource', 'in', agents)
    .execute()
  return new Map(rows.map(({ resource, team_id, name }) => [resource, { teamId: team_id, teamName: name }]))
}

async function readLastWeek(tx: Tx, caller: Caller, agents: string[]) {
  if (agents.length === 0) return new Map<string, NonNullable<AgentSummary['lastWeek']>>()
  const rows = await selectAgentFigures(tx, caller, new Date(Date.now() - weekMs))
    .where('agent', 'in', agents)
    .execute()
  return new Map(
    rows.map((row) => {
      const { agent, ...figures } = toAgentFigures(row)
      return [agent, figures] as const
    }),
  )
}
