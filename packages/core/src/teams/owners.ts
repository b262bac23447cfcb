import { FreeholdError, type Ownership, type OwnResource, type ownedKindSchema, type Page } from '@freehold/contracts'
import { type Selectable, sql } from 'kysely'
import { isSystemAgent } from '../agents/system-agents.ts'
import { recordChange } from '../audit/record-change.ts'
import { ofTheWholeTenant } from '../connections/connections.ts'
import { cursorKeys, decodeCursor, type PageQuery, toPage } from '../cursor.ts'
import type { Tx } from '../db/database.ts'
import type { ResourceOwners } from '../db/schema.gen.ts'
import { authorize, type Caller } from '../identity/caller.ts'
import { invalidField } from '../invalid-field.ts'
import { assertTeams } from './assert-teams.ts'

type Kind = (typeof ownedKindSchema.options)[number]

/** Gives something to a team, or back to the tenant as a whole, and shares it with other teams. Runs that began stay where they are. */
export async function setOwner(
  caller: Caller,
  { kind, resource }: { kind: Kind; resource: string },
  { teamId, sharedWith }: OwnResource,
): Promise<Ownership> {
  authorize(caller, 'teams:write')
  if (teamId === null && sharedWith.length > 0) {
    throw invalidField('body.sharedWith', 'only what a team owns is shared. Give a teamId, too.')
  }
  const shared = sharedWith.filter((id) => id !== teamId)
  return caller.platform.database.withTenant(caller, async (tx) => {
    await assertThere(tx, kind, resource)
    await assertTeams(tx, [...(teamId === null ? [] : [teamId]), ...shared])
    const row = await findOwner(tx, kind, resource)
    const before = row ? toOwnership(row) : { kind, resource, teamId: null, sharedWith: [] }
    await writeOwner(tx, caller.tenantId, { kind, resource, teamId, sharedWith: shared })
    const after = { kind, resource, teamId, sharedWith: shared }
    await recordChange(tx, caller, { action: 'owner.set', subjectId: `${kind}:${resource}`, before, after })
    return after
  })
}

export async function listOwners(caller: Caller, query: PageQuery): Promise<Page<Ownership>> {
  authorize(caller, 'teams:read')
  const [kind, ...name] = decodeCursor(query.cursor, cursorKeys.name)?.split('|') ?? []
  const rows = await caller.platform.database.withTenant(caller, (tx) =>
    tx
      .selectFrom('resource_owners')
      .selectAll()
      .$if(kind !== undefined, (q) => q.where(sql<boolean>`(kind, resource) > (${kind}, ${name.join('|')})`))
      .orderBy('kind')
      .orderBy('resource')
      .limit(query.limit + 1)
      .execute(),
  )
  return toPage(rows, query.limit, toOwnership, (row) => `${row.kind}|${row.resource}`)
}

async function writeOwner(tx: Tx, tenantId: string, { kind, resource, teamId, sharedWith }: Ownership): Promise<void> {
  if (teamId === null) {
    await tx.deleteFrom('resource_owners').where('kind', '=', kind).where('resource', '=', resource).execute()
    return
  }
  const owner = { team_id: teamId, shared_with: sharedWith }
  await tx
    .insertInto('resource_owners')
    .values({ tenant_id: tenantId, kind, resource, ...owner })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'kind', 'resource']).doUpdateSet(owner))
    .execute()
}

function findOwner(tx: Tx, kind: Kind, resource: string) {
  return tx
    .selectFrom('resource_owners')
    .selectAll()
    .where('kind', '=', kind)
    .where('resource', '=', resource)
    .forUpdate()
    .executeTakeFirst()
}

/** What there is of each kind by this name. */
const find: Record<Kind, (tx: Tx, resource: string) => Promise<object | undefined>> = {
  agent: (tx, name) =>
    tx.selectFrom('agent_templates').select('id').where('name', '=', name).limit(1).executeTakeFirst(),
  connection: (tx, name) => tx.selectFrom('connections').select('kind').where('name', '=', name).executeTakeFirst(),
  secret: (tx, name) => tx.selectFrom('secrets').select('id').where('name', '=', name).executeTakeFirst(),
  service: (tx, name) => tx.selectFrom('services').select('name').where('name', '=', name).executeTakeFirst(),
  budget: (tx, id) => tx.selectFrom('budgets').select('id').where(sql<string>`id::text`, '=', id).executeTakeFirst(),
}

async function assertThere(tx: Tx, kind: Kind, resource: string): Promise<void> {
  const found = kind === 'agent' && isSystemAgent(resource) ? undefined : await find[kind](tx, resource)
  if (found && 'kind' in found && found.kind === 'model_provider') throw ofTheWholeTenant()
  if (found === undefined)
    throw new FreeholdError('not_found', `There is nothing of this kind with the name or id "${resource}".`)
}

function toOwnership(row: Selectable<ResourceOwners>): Ownership {
  return { kind: row.kind, resource: row.resource, teamId: row.team_id, sharedWith: row.shared_with }
}
