// What every change of a release goes through: the row that says what serves is locked, changed, and an entry is added
// to the history of its environment.

import {
  type AskedCanary,
  type CanaryRules,
  canaryRulesSchema,
  type Environment,
  environmentSchema,
  FreeholdError,
  type ReleaseEntry,
  type ReleaseEvidence,
} from '@freehold/contracts'
import { type Selectable, sql } from 'kysely'
import { uuidv7 } from 'uuidv7'
import type { Tx } from '../db/database.ts'
import { encodeJson } from '../db/json.ts'
import type { AgentReleases } from '../db/schema.gen.ts'
import { actorName, type TenantCaller } from '../identity/caller.ts'

export type ReleaseRow = Selectable<AgentReleases>

export interface Canary {
  version: number
  rules: CanaryRules
}

export interface ReleaseChange {
  kind: ReleaseEntry['kind']
  /** The stable version from now on. */
  version: number
  /** The canary from now on; null ends the one that is there. */
  canary: Canary | null
  by: string
  comment?: string | undefined
  forced?: boolean
  approvedBy?: readonly string[]
  evidence?: ReleaseEvidence
}

/** Reads what serves in an environment and keeps others from changing it until the transaction ends. */
export function lockRelease(tx: Tx, agent: string, environment: Environment): Promise<ReleaseRow | undefined> {
  return tx
    .selectFrom('agent_releases')
    .selectAll()
    .where('agent', '=', agent)
    .where('environment', '=', environment)
    .forNoKeyUpdate()
    .executeTakeFirst()
}

/** Changes what serves from now on. `before` is the locked row. Runs that have started keep their version. */
export async function changeRelease(
  tx: Tx,
  at: { tenantId: string; agent: string; environment: Environment },
  before: ReleaseRow | undefined,
  change: ReleaseChange,
): Promise<void> {
  const { tenantId, agent, environment } = at
  const row = {
    version: change.version,
    released_by: change.by,
    released_at: sql<Date>`now()`,
    ...canaryColumns(before, change.canary),
  }
  await tx
    .insertInto('agent_releases')
    .values({ tenant_id: tenantId, agent, environment, ...row })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'agent', 'environment']).doUpdateSet(row))
    .execute()
  await tx
    .insertInto('release_history')
    .values({
      tenant_id: tenantId,
      agent,
      environment,
      number: sql<number>`(select coalesce(max(h.number), 0) + 1 from release_history h
        where h.agent = ${agent} and h.environment = ${environment})`,
      kind: change.kind,
      version: change.version,
      replaced_version: before?.version ?? null,
      canary_version: change.canary?.version ?? before?.canary_version ?? null,
      canary_percent: change.canary?.rules.percent ?? null,
      comment: change.comment ?? null,
      forced: change.forced ?? false,
      released_by: change.by,
      approved_by: [...(change.approvedBy ?? [])],
      evidence: change.evidence ? encodeJson(change.evidence) : null,
    })
    .execute()
  if (before) await supersedeRequests(tx, agent, environment)
}

/** Who waits for approval asked for it with something else serving there. */
async function supersedeRequests(tx: Tx, agent: string, environment: Environment): Promise<void> {
  await tx
    .updateTable('release_requests')
    .set({ status: 'superseded', decided_at: sql<Date>`now()` })
    .where('agent', '=', agent)
    .where('environment', '=', environment)
    .where('status', '=', 'pending')
    .execute()
}

/** What serves, as the audit trail shows it. */
export function describeRelease(row: ReleaseRow): object {
  return { version: row.version, canary: canaryOf(row) }
}

/** The same version with another share is the same trial. */
function canaryColumns(before: ReleaseRow | undefined, canary: Canary | null) {
  if (canary === null) {
    return {
      canary_id: null,
      canary_version: null,
      canary_percent: null,
      canary_rules: null,
      canary_started_at: null,
      canary_checked_at: null,
    }
  }
  const goesOn = before?.canary_version === canary.version
  return {
    canary_id: goesOn ? before.canary_id : uuidv7(),
    canary_version: canary.version,
    canary_percent: canary.rules.percent,
    canary_rules: encodeJson(canary.rules),
    canary_started_at: goesOn ? before.canary_started_at : sql<Date>`now()`,
    canary_checked_at: sql<Date>`now()`,
  }
}

/** The canary of a stored release. Its rules were parsed before they were stored. */
export function canaryOf(row: ReleaseRow): Canary | null {
  if (row.canary_version === null) return null
  return { version: row.canary_version, rules: canaryRulesSchema.parse(row.canary_rules) }
}

/** Releases version 1 of a new agent to every environment. */
export async function releaseEverywhere(tx: Tx, caller: TenantCaller, agent: string): Promise<void> {
  const { tenantId } = caller
  for (const environment of environmentSchema.options) {
    const change = { kind: 'created', version: 1, canary: null, by: actorName(caller) } as const
    await changeRelease(tx, { tenantId, agent, environment }, undefined, change)
  }
}

const environmentBefore = { development: null, staging: 'development', production: 'staging' } as const

/** The environment that a version has to come from; null for the first one. */
export function cameFrom(environment: Environment): Environment | null {
  return environmentBefore[environment]
}

/** Whether a version may be released here: it served in the environment before, or here, at some time. */
export async function hasPassed(tx: Tx, agent: string, environment: Environment, version: number): Promise<boolean> {
  const before = cameFrom(environment)
  if (before === null) return true
  const served = await tx
    .selectFrom('release_history')
    .select('number')
    .where('agent', '=', agent)
    .where('environment', 'in', [before, environment])
    .where('version', '=', version)
    .limit(1)
    .executeTakeFirst()
  return served !== undefined
}

/** Who has to approve what gets into an environment; undefined when nobody has to. */
export async function approvalsNeeded(
  tx: Tx,
  environment: Environment,
): Promise<{ required: number; role: string | null } | undefined> {
  if (environment !== 'production') return undefined
  const tenant = await tx
    .selectFrom('tenants')
    .select(['production_approvals', 'production_approver_role'])
    .executeTakeFirstOrThrow()
  const { production_approvals: required, production_approver_role: role } = tenant
  return required === 0 ? undefined : { required, role }
}

/** What a request makes of what is there: a canary beside it, or another stable version. Throws when it changes nothing. */
export function planChange(
  before: ReleaseRow | undefined,
  input: { version: number; canary?: AskedCanary | undefined },
  kind: 'direct' | 'promotion',
): Pick<ReleaseChange, 'kind' | 'version' | 'canary'> {
  if (input.canary === undefined) return { kind, version: input.version, canary: null }
  if (!before) {
    throw new FreeholdError(
      'conflict',
      'Nothing serves there yet that a canary could stand beside. Leave `canary` out.',
    )
  }
  if (before.version === input.version) {
    throw new FreeholdError('conflict', `Version ${input.version} serves there already, so it can't be its canary.`)
  }
  const goesOn = before.canary_version === input.version
  return {
    kind: goesOn ? 'canary_changed' : 'canary_started',
    version: before.version,
    canary: { version: input.version, rules: completeRules(before, goesOn, input.canary) },
  }
}

/** A share that is changed must not loosen the thresholds that somebody chose. */
function completeRules(before: ReleaseRow, goesOn: boolean, asked: AskedCanary): CanaryRules {
  const chosen = goesOn ? canaryOf(before)?.rules : undefined
  return canaryRulesSchema.parse({ ...chosen, ...asked })
}
