import { type Connection, FreeholdError, type Page, type PutConnection } from '@freehold/contracts'
import { type Selectable, sql } from 'kysely'
import { assertReachable } from '../assert-reachable.ts'
import { recordChange } from '../audit/record-change.ts'
import { cursorKeys, decodeCursor, type PageQuery, toPage } from '../cursor.ts'
import type { Tx } from '../db/database.ts'
import { isUniqueViolation, ownedElsewhere } from '../db/errors.ts'
import type { Connections } from '../db/schema.gen.ts'
import { actorName, authorize, type Caller } from '../identity/caller.ts'
import { parseName } from '../secrets/parse-name.ts'
import { secretNotFound } from '../secrets/secrets.ts'

type ConnectionRow = Selectable<Connections> & { secret: string }

/** Creates or replaces a connection. Whoever may do so decides where the value of a secret goes. */
export async function putConnection(caller: Caller, name: string, input: PutConnection): Promise<Connection> {
  authorize(caller, 'connections:write')
  parseName(name)
  if (input.kind === 'model_provider' && caller.teams) throw ofTheWholeTenant()
  if (input.kind === 'http') await assertReachable(caller, 'body.origin', input.origin)
  else if (input.baseUrl !== null) await assertReachable(caller, 'body.baseUrl', input.baseUrl)
  const { tenantId } = caller
  try {
    return await caller.platform.database.withTenant(caller, async (tx) => {
      const values = { ...columnsOf(input), secret_id: await holdSecret(tx, input.secret) }
      const before = await selectConnections(tx).where('c.name', '=', name).executeTakeFirst()
      await tx
        .insertInto('connections')
        .values({ tenant_id: tenantId, name, created_by: actorName(caller), ...values })
        .onConflict((conflict) =>
          conflict.columns(['tenant_id', 'name']).doUpdateSet({ ...values, updated_at: sql<Date>`now()` }),
        )
        .execute()
      const after = toConnection(await selectConnections(tx).where('c.name', '=', name).executeTakeFirstOrThrow())
      const change = { before: before && describe(toConnection(before)), after: describe(after) }
      await recordChange(tx, caller, { action: 'connection.set', subjectId: name, ...change })
      return after
    })
  } catch (error) {
    if (!isUniqueViolation(error) || input.kind !== 'model_provider') throw error
    const message = `There is another connection for the provider "${input.provider}" already. Replace or delete that one.`
    throw new FreeholdError('conflict', message, { cause: error })
  }
}

export async function getConnection(caller: Caller, name: string): Promise<Connection> {
  authorize(caller, 'connections:read')
  const row = await caller.platform.database.withTenant(caller, (tx) =>
    selectConnections(tx).where('c.name', '=', name).executeTakeFirst(),
  )
  if (!row) throw connectionNotFound(name)
  return toConnection(row)
}

export async function listConnections(caller: Caller, query: PageQuery): Promise<Page<Connection>> {
  authorize(caller, 'connections:read')
  const after = decodeCursor(query.cursor, cursorKeys.name)
  const rows = await caller.platform.database.withTenant(caller, (tx) =>
    selectConnections(tx)
      .$if(after !== undefined, (q) => q.where('c.name', '>', after ?? ''))
      .orderBy('c.name')
      .limit(query.limit + 1)
      .execute(),
  )
  return toPage(rows, query.limit, toConnection, ({ name }) => name)
}

export async function deleteConnection(caller: Caller, name: string): Promise<Connection> {
  authorize(caller, 'connections:write')
  const row = await caller.platform.database.withTenant(caller, async (tx) => {
    const found = await selectConnections(tx).where('c.name', '=', name).executeTakeFirst()
    if (!found) return undefined
    const { numDeletedRows } = await tx.deleteFrom('connections').where('name', '=', name).executeTakeFirst()
    // The policies pass over what is shared with a team.
    if (numDeletedRows === 0n) throw ownedElsewhere()
    const before = describe(toConnection(found))
    await recordChange(tx, caller, { action: 'connection.deleted', subjectId: name, before })
    return found
  })
  if (!row) throw connectionNotFound(name)
  return toConnection(row)
}

/** A run takes the one key that there is for a provider, whatever team it is of. */
export function ofTheWholeTenant(): FreeholdError {
  const message = 'A connection to a model provider serves the whole tenant, so no team can own it.'
  return new FreeholdError('invalid_request', message)
}

/** For the audit trail, which would mask what is called `secret`: this is the name of one. */
function describe({ secret: withSecretNamed, ...terms }: Connection): object {
  return { ...terms, uses: withSecretNamed }
}

function connectionNotFound(name: string): FreeholdError {
  return new FreeholdError('not_found', `There is no connection "${name}".`)
}

/** The id of a secret that can't be deleted while this transaction is open. */
async function holdSecret(tx: Tx, name: string): Promise<string> {
  const row = await tx
    .selectFrom('secrets')
    .select('id')
    .where('name', '=', name)
    .where('version', '>', 0)
    .forShare()
    .executeTakeFirst()
  if (!row) throw secretNotFound(name)
  return row.id
}

function selectConnections(tx: Tx) {
  return tx
    .selectFrom('connections as c')
    .innerJoin('secrets as s', (join) =>
      join.onRef('s.tenant_id', '=', 'c.tenant_id').onRef('s.id', '=', 'c.secret_id'),
    )
    .selectAll('c')
    .select('s.name as secret')
}

function columnsOf(input: PutConnection) {
  if (input.kind === 'model_provider') {
    const { kind, provider, baseUrl } = input
    return { kind, provider, base_url: baseUrl, origin: null, header: null, header_prefix: null }
  }
  const { kind, origin, header, prefix = header === 'authorization' ? 'Bearer ' : '' } = input
  return { kind, provider: null, base_url: null, origin, header, header_prefix: prefix }
}

function toConnection(row: ConnectionRow): Connection {
  const common = {
    name: row.name,
    secret: row.secret,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  }
  // Which columns a kind has is a check constraint.
  return row.kind === 'model_provider'
    ? { ...common, kind: 'model_provider', provider: row.provider ?? '', baseUrl: row.base_url }
    : { ...common, kind: 'http', origin: row.origin ?? '', header: row.header ?? '', prefix: row.header_prefix ?? '' }
}
