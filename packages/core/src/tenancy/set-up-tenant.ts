import {
  type AppliedTenant,
  agentConfigSchema,
  type CreateBudget,
  FreeholdError,
  type TenantChange,
  type TenantDefinition,
} from '@freehold/contracts'
import { sql } from 'kysely'
import { createAgent, createAgentVersion, readVersion } from '../agents/agents.ts'
import { createBudget, updateBudget } from '../budgets/budgets.ts'
import { termsOf } from '../budgets/present-budget.ts'
import { canonicalJson } from '../canonical-json.ts'
import type { TenantCaller } from '../identity/caller.ts'
import { createInvitation } from '../people/invitations.ts'
import { createTeam } from '../teams/teams.ts'
import { atPlace } from './at-place.ts'
import { setUpBranding } from './set-up-branding.ts'
import { readTenant, setTenantPlan, updateOwnTenant } from './tenants.ts'

export type SetUp = Pick<AppliedTenant, 'changes' | 'invitations' | 'host'>

/**
 * Gives a tenant what is defined of it and isn't there yet, and changes what is there and differs. Deletes nothing.
 * Its verbs join the transaction that the caller is in.
 */
export async function setUpTenant(
  founder: TenantCaller,
  definition: TenantDefinition,
  ownHosts: readonly string[],
): Promise<SetUp> {
  const settings = await setUpSettings(founder, definition)
  const branding = await setUpBranding(founder, definition.branding ?? {}, ownHosts)
  const { changes: owners, invitations } = await inviteOwners(founder, definition.owners ?? [])
  const teams = await addTeams(founder, definition.teams ?? [])
  // Before the budgets, some of which may be for one of them.
  const agents = await setUpAgents(founder, definition.agents ?? [])
  const budgets = await setUpBudgets(founder, definition.budgets ?? [])
  const changes = [...settings, ...branding.changes, ...owners, ...teams, ...agents, ...budgets]
  return { changes, invitations, host: branding.host }
}

async function setUpSettings(founder: TenantCaller, definition: TenantDefinition): Promise<TenantChange[]> {
  const { plan, allowedHosts, timeZone, environments } = definition
  const changes: TenantChange[] = []
  const before = await readTenant(founder.platform, founder.tenantId)
  if (plan !== undefined && plan !== before.plan.name) {
    await setTenantPlan(founder, founder.tenantId, { plan })
    changes.push({ action: 'update', kind: 'plan', name: 'plan', before: before.plan.name, after: plan })
  }
  const wanted = { allowedHosts, timeZone, productionApprovals: environments?.production?.approvals }
  for (const name of ['allowedHosts', 'timeZone', 'productionApprovals'] as const) {
    const after = wanted[name]
    if (after === undefined || isSame(after, before[name])) continue
    await updateOwnTenant(founder, { [name]: after })
    changes.push({ action: 'update', kind: 'setting', name, before: before[name], after })
  }
  return changes
}

/** Invites those who are neither owners nor about to be. */
async function inviteOwners(
  founder: TenantCaller,
  emails: readonly string[],
): Promise<Pick<SetUp, 'changes' | 'invitations'>> {
  const changes: TenantChange[] = []
  const invitations: SetUp['invitations'] = []
  const known = emails.length === 0 ? new Set() : await findOwners(founder)
  for (const email of emails.filter((each) => !known.has(each))) {
    const invited = { email, roles: ['owner' as const], teams: [], expiresInDays: 7 }
    const { token, expiresAt } = await createInvitation(founder, invited)
    invitations.push({ email, token, expiresAt })
    changes.push({ action: 'invite', kind: 'owner', name: email, before: null, after: email })
  }
  return { changes, invitations }
}

/** Whoever accepted an invitation has its address for good: the one that they sign in with may have changed since. */
function findOwners({ platform, tenantId }: TenantCaller): Promise<Set<string>> {
  return platform.database.withTenant(tenantId, async (tx) => {
    const members = await tx
      .selectFrom('memberships as m')
      .innerJoin('people as p', 'p.id', 'm.person_id')
      .leftJoin('invitations as i', 'i.accepted_by', 'm.person_id')
      .select(['p.email', 'i.email as invited'])
      .where(sql<boolean>`'owner' = any (m.roles)`)
      .execute()
    const pending = await tx
      .selectFrom('invitations')
      .select('email')
      .where(sql<boolean>`'owner' = any (roles)`)
      .where('accepted_at', 'is', null)
      .where('revoked_at', 'is', null)
      .where('expires_at', '>', new Date())
      .execute()
    const emails = [...members.flatMap(({ email, invited }) => [email, invited]), ...pending.map(({ email }) => email)]
    return new Set(emails.filter((email) => email !== null))
  })
}

async function addTeams(founder: TenantCaller, names: readonly string[]): Promise<TenantChange[]> {
  const { platform, tenantId } = founder
  const there = await platform.database.withTenant(tenantId, (tx) => tx.selectFrom('teams').select('name').execute())
  const missing = names.filter((name) => !there.some((team) => team.name === name))
  for (const name of missing) await createTeam(founder, { name })
  return missing.map((name) => ({ action: 'create', kind: 'team', name, before: null, after: name }))
}

async function setUpAgents(
  founder: TenantCaller,
  agents: NonNullable<TenantDefinition['agents']>,
): Promise<TenantChange[]> {
  const changes: TenantChange[] = []
  for (const [index, { name, ...given }] of agents.entries()) {
    // As they are stored.
    const config = { ...given, tools: [...new Set(given.tools)] }
    await atPlace(`agents.${index}`, async () => {
      const before = await findAgent(founder, name)
      if (before && isSame(before, config)) return
      if (before) await createAgentVersion(founder, name, config)
      else await createAgent(founder, { name, ...config })
      changes.push({ action: before ? 'update' : 'create', kind: 'agent', name, before: before ?? null, after: config })
    })
  }
  return changes
}

/** What the latest version of an agent is configured to be. */
async function findAgent({ platform, tenantId }: TenantCaller, name: string) {
  return platform.database.withTenant(tenantId, async (tx) => {
    const known = await tx.selectFrom('agent_templates').select('name').where('name', '=', name).executeTakeFirst()
    if (!known) return undefined
    const { name: _, version: __, createdAt: ___, ...config } = await readVersion(tx, name)
    return agentConfigSchema.parse(config)
  })
}

async function setUpBudgets(founder: TenantCaller, budgets: readonly CreateBudget[]): Promise<TenantChange[]> {
  const { platform, tenantId } = founder
  const rows = await platform.database.withTenant(tenantId, (tx) =>
    tx.selectFrom('budgets').selectAll().where('status', '=', 'active').execute(),
  )
  const changes: TenantChange[] = []
  for (const [index, budget] of budgets.entries()) {
    const row = rows.find(({ name }) => name === budget.name)
    const before = row ? termsOf(row) : null
    if (before && isSame(before, budget)) continue
    await atPlace(`budgets.${index}`, async () => {
      if (!row || !before) await createBudget(founder, budget)
      else await changeBudget(founder, row.id, before, budget)
    })
    changes.push({ action: row ? 'update' : 'create', kind: 'budget', name: budget.name, before, after: budget })
  }
  return changes
}

async function changeBudget(
  founder: TenantCaller,
  id: string,
  before: Pick<CreateBudget, 'scope' | 'period'> | ReturnType<typeof termsOf>,
  { scope, period, ...change }: CreateBudget,
): Promise<void> {
  if (!isSame([before.scope, before.period], [scope, period])) {
    const message = `the scope and the period of the budget "${change.name}" can't change: give the new one another name`
    throw new FreeholdError('conflict', message)
  }
  await updateBudget(founder, id, change)
}

function isSame(one: unknown, other: unknown): boolean {
  return canonicalJson(one) === canonicalJson(other)
}
