import {
  type Agent,
  type AgentConfig,
  type AgentVersion,
  agentConfigSchema,
  type CreateAgentVersion,
  FreeholdError,
  type Page,
} from '@freehold/contracts'
import type { Selectable } from 'kysely'
import { uuidv7 } from 'uuidv7'
import { recordChange } from '../audit/record-change.ts'
import { cursorKeys, decodeCursor, type PageQuery, toPage } from '../cursor.ts'
import type { Tx } from '../db/database.ts'
import { isUniqueViolation } from '../db/errors.ts'
import { encodeJson } from '../db/json.ts'
import type { AgentTemplates } from '../db/schema.gen.ts'
import { actorName, authorize, type Caller } from '../identity/caller.ts'
import { assertQuota } from '../quotas/assert-quota.ts'
import { releaseEverywhere } from '../releases/change-release.ts'
import { assertBuildable } from './assert-buildable.ts'
import { readServing, toReleases } from './serving.ts'
import { parseStoredApprovals, parseStoredLimits } from './stored-config.ts'

/** Creates an agent. Its version 1 serves in every environment, since there is nothing there to protect yet. */
export async function createAgent(caller: Caller, input: AgentConfig & { name: string }): Promise<Agent> {
  authorize(caller, 'agents:write')
  await assertBuildable(caller, input)
  try {
    return await caller.platform.database.withTenant(caller, async (tx) => {
      await assertQuota(tx, caller.tenantId, 'agents')
      const row = await insertVersion(tx, caller, input.name, 1, input)
      await releaseEverywhere(tx, caller, input.name)
      const agent = { ...toVersion(row), releases: { development: 1, staging: 1, production: 1 } }
      await recordChange(tx, caller, { action: 'agent.created', subjectId: input.name, after: agent })
      return agent
    })
  } catch (error) {
    if (isUniqueViolation(error)) {
      throw new FreeholdError(
        'conflict',
        `There is an agent named "${input.name}" already. Add a version to it instead.`,
      )
    }
    throw error
  }
}

/** Adds the next version. Versions never change; none serves before it is released. */
export async function createAgentVersion(
  caller: Caller,
  name: string,
  input: CreateAgentVersion,
): Promise<AgentVersion> {
  authorize(caller, 'agents:write')
  await assertBuildable(caller, input)
  try {
    return await caller.platform.database.withTenant(caller, async (tx) => {
      const latest = await latestVersion(tx, name)
      assertNewest(latest, input.basedOn)
      const added = toVersion(await insertVersion(tx, caller, name, latest.version + 1, input))
      const change = { before: toVersion(latest), after: added }
      await recordChange(tx, caller, { action: 'agent.version-added', subjectId: name, ...change })
      return added
    })
  } catch (error) {
    if (isUniqueViolation(error)) {
      throw new FreeholdError('conflict', 'Another version was added at the same moment. Try again.', {
        retryable: true,
      })
    }
    throw error
  }
}

/** Who changes what they have read must not undo what they haven't. */
function assertNewest({ name, version }: TemplateRow, basedOn = version): void {
  if (basedOn === version) return
  throw new FreeholdError(
    'conflict',
    `The agent "${name}" was changed meanwhile: version ${version} is the newest, not ${basedOn}. Read it, and base yours on it.`,
  )
}

/** Reads one version of an agent, the latest when none is named, for a verb that has authorized its caller already. */
export async function readVersion(tx: Tx, name: string, version?: number): Promise<AgentVersion> {
  const latest = await latestVersion(tx, name)
  if (version === undefined || version === latest.version) return toVersion(latest)
  const row = await tx
    .selectFrom('agent_templates')
    .selectAll()
    .where('name', '=', name)
    .where('version', '=', version)
    .executeTakeFirst()
  if (row) return toVersion(row)
  throw new FreeholdError('not_found', `The agent "${name}" has no version ${version}.`)
}

export async function getAgent(caller: Caller, name: string): Promise<Agent> {
  authorize(caller, 'agents:read')
  return caller.platform.database.withTenant(caller, async (tx) => {
    const row = await latestVersion(tx, name)
    return { ...toVersion(row), releases: toReleases(await readServing(tx, [name])) }
  })
}

export async function listAgentVersions(caller: Caller, name: string, query: PageQuery): Promise<Page<AgentVersion>> {
  authorize(caller, 'agents:read')
  const before = decodeCursor(query.cursor, cursorKeys.version)
  const rows = await caller.platform.database.withTenant(caller, async (tx) => {
    await latestVersion(tx, name)
    return tx
      .selectFrom('agent_templates')
      .selectAll()
      .where('name', '=', name)
      .$if(before !== undefined, (q) => q.where('version', '<', Number(before)))
      .orderBy('version', 'desc')
      .limit(query.limit + 1)
      .execute()
  })
  return toPage(rows, query.limit, toVersion, ({ version }) => String(version))
}

export type TemplateRow = Selectable<AgentTemplates>

async function latestVersion(tx: Tx, name: string): Promise<TemplateRow> {
  const row = await tx
    .selectFrom('agent_templates')
    .selectAll()
    .where('name', '=', name)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (!row) throw new FreeholdError('not_found', `There is no agent named "${name}".`)
  return row
}

function insertVersion(
  tx: Tx,
  caller: Caller & { tenantId: string },
  name: string,
  version: number,
  config: AgentConfig,
) {
  return tx
    .insertInto('agent_templates')
    .values({
      tenant_id: caller.tenantId,
      id: uuidv7(),
      name,
      version,
      description: config.description,
      program: config.program,
      model: config.model,
      fallback_models: config.fallbackModels,
      prompts: encodeJson(config.prompts),
      tools: [...new Set(config.tools)],
      limits: encodeJson(config.limits),
      approvals: encodeJson(config.approvals),
      created_by: actorName(caller),
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

export function toVersion(row: TemplateRow): AgentVersion {
  const config = agentConfigSchema.parse({
    description: row.description,
    program: row.program,
    model: row.model,
    fallbackModels: row.fallback_models,
    prompts: row.prompts,
    tools: row.tools,
    limits: parseStoredLimits(row.limits),
    approvals: parseStoredApprovals(row.approvals),
  })
  return { name: row.name, version: row.version, ...config, createdAt: row.created_at.toISOString() }
}
