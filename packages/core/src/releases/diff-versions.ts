import { isDeepStrictEqual } from 'node:util'
import type { AgentVersion, VersionDiff } from '@freehold/contracts'
import { readVersion } from '../agents/agents.ts'
import { authorize, type Caller } from '../identity/caller.ts'

/** Compares two versions of an agent: what serves in production with the latest one, unless others are named. */
export async function diffAgentVersions(
  caller: Caller,
  agent: string,
  named: { from?: number | undefined; to?: number | undefined },
): Promise<VersionDiff> {
  authorize(caller, 'agents:read')
  return caller.platform.database.withTenant(caller, async (tx) => {
    const to = await readVersion(tx, agent, named.to)
    const release = await tx
      .selectFrom('agent_releases')
      .select('version')
      .where('agent', '=', agent)
      .where('environment', '=', 'production')
      .executeTakeFirst()
    const from = await readVersion(tx, agent, named.from ?? release?.version)
    return { agent, from: from.version, to: to.version, changes: findChanges(from, to) }
  })
}

/** The fields that differ, by dotted path, in the order of the configuration. */
function findChanges(from: AgentVersion, to: AgentVersion): VersionDiff['changes'] {
  const [before, after] = [flatten(configOf(from)), flatten(configOf(to))]
  const fields = [...new Set([...before.keys(), ...after.keys()])]
  return fields
    .filter((field) => !isDeepStrictEqual(before.get(field), after.get(field)))
    .map((field) => ({ field, from: before.get(field) ?? null, to: after.get(field) ?? null }))
}

function configOf({ name: _, version: __, createdAt: ___, ...config }: AgentVersion): Record<string, unknown> {
  return config
}

/** A list is one value: what is added to it, or changes its place, shows as a change of the whole. */
function flatten(value: Record<string, unknown>, prefix = ''): Map<string, unknown> {
  const fields = Object.entries(value).flatMap(([name, field]): [string, unknown][] => {
    const path = `${prefix}${name}`
    const isGroup = typeof field === 'object' && field !== null && !Array.isArray(field)
    return isGroup ? [...flatten(field as Record<string, unknown>, `${path}.`)] : [[path, field]]
  })
  return new Map(fields)
}
